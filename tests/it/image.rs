//! Keeps the Dockerfile's first layer, which builds the dependencies beside stand-ins for our own code, in step with the
//! manifest: one stand-in too few, and no image is built.

use std::{fs, path::Path, process::Command};

#[test]
fn the_images_first_layer_has_a_stand_in_for_all_that_the_manifest_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let dockerfile = fs::read_to_string(root.join("Dockerfile")).unwrap();
    let (copied, _) = dockerfile.split_once("\nRUN mkdir -p src").unwrap();
    for line in copied.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        let mut names: Vec<&str> = line.split(' ').collect();
        let to = folder.path().join(names.pop().unwrap());
        fs::create_dir_all(&to).unwrap();
        for name in names {
            let from = root.join(name);
            fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
        }
    }
    let made =
        Command::new("sh").args(["-ec", stand_ins(&dockerfile)]).current_dir(&folder).output().unwrap();
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
fn stand_ins(dockerfile: &str) -> &str {
    let builds = dockerfile.matches("&& cargo auditable build ").count();
    assert_eq!(builds, 2, "what another command built for the first layer is built once more for the second");
    let run = dockerfile.split("\nRUN ").find(|run| run.starts_with("mkdir -p src")).unwrap();
    run.split("&& cargo auditable build").next().unwrap().trim_end().trim_end_matches('\\')
}

#[test]
fn the_image_is_given_every_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ignored = fs::read_to_string(root.join(".dockerignore")).unwrap();
    for folder in ["src", "crates", "sandbox", "migrations", "static", "templates", ".cargo"] {
        assert!(root.join(folder).is_dir(), "{folder}: does this test still look for the right folders?");
        assert!(ignored.lines().any(|line| line == format!("!{folder}")), "{folder} is kept from the image");
    }
}

/// Cargo 1.95 leaves the symbols in a program whose profile has `strip`, if settings for that package follow without it. They
/// are a quarter of the program.
#[test]
fn the_program_is_stripped_in_each_profile_that_has_settings_for_it() {
    let manifest = include_str!("../../Cargo.toml").parse::<toml::Table>().unwrap();
    let profiles = manifest["profile"].as_table().unwrap();
    assert_eq!(profiles["release"]["strip"].as_bool(), Some(true));
    for name in ["release", "dist"] {
        let settings = profiles[name]["package"]["unstale"].as_table().unwrap();
        assert_eq!(settings.get("strip").and_then(toml::Value::as_bool), Some(true), "{name}");
    }
}
