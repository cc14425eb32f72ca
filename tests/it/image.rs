//! Keeps the Dockerfile's first layer, which builds the dependencies beside stand-ins for our own code, in step with the
//! manifest: one stand-in too few, and no image is built.

use std::{fs, path::Path, process::Command};

#[test]
fn the_images_first_layer_has_a_stand_in_for_all_that_the_manifest_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sandbox")).unwrap();
    for file in ["Cargo.toml", "Cargo.lock", "sandbox/Cargo.toml"] {
        fs::copy(root.join(file), folder.path().join(file)).unwrap();
    }
    let made = Command::new("sh").args(["-ec", &stand_ins(root)]).current_dir(&folder).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    // Cargo reads the whole manifest before it looks for a target, and this one there is not: nothing is built.
    let read = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--offline", "--bin", "none"])
        .current_dir(&folder)
        .output()
        .unwrap();
    let said = String::from_utf8(read.stderr).unwrap();
    assert!(said.contains("no bin target named `none`"), "{said}");
}

/// The commands of the Dockerfile that make them, up to the build.
fn stand_ins(root: &Path) -> String {
    let dockerfile = fs::read_to_string(root.join("Dockerfile")).unwrap();
    let run = dockerfile.split("\nRUN ").find(|run| run.starts_with("mkdir -p src")).unwrap();
    run.split("&& cargo build").next().unwrap().trim_end().trim_end_matches('\\').to_owned()
}
