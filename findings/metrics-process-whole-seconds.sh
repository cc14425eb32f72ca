#!/bin/sh
# metrics-process 2.4.3 with metrics 0.24.6 and metrics-exporter-prometheus 0.18.3 (crates.io), on Linux.
#
# Two of the usual process metrics are not what the client library of Go gives under the same names:
# - process_cpu_seconds_total has whole seconds, because counters of the metrics crate are integers. A process that used
#   0.4 s shows 0. Go's has fractions of a second.
# - process_virtual_memory_max_bytes is 0 where the address space is not limited. Go's is 18446744073709551615 then.
#
# Seen on 2026-11-30, after at least 0.3 s and less than 1 s of CPU time, without a limit:
#     process_cpu_seconds_total 0
#     process_virtual_memory_max_bytes 0
#
# It matters because usual dashboards are built from these two. rate(process_cpu_seconds_total[1m]) of a quiet service is 0
# with single steps, so look at it over an hour. process_virtual_memory_bytes / process_virtual_memory_max_bytes, the usual
# alert on a limit that is nearly reached, is +Inf and fires for ever.
#
# Exits 0 while it is so. Needs cargo, and prlimit of util-linux. Nothing is called over the network but the registry of
# crates.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"

[dependencies]
metrics = "=0.24.6"
metrics-exporter-prometheus = { version = "=0.18.3", default-features = false }
metrics-process = "=2.4.3"
TOML
cat > "$folder/src/main.rs" <<'RUST'
use std::{fs, hint::black_box};

/// Ticks of 10 ms that this process has used, user and system, as proc(5) has them.
fn ticks() -> u64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

fn main() {
    let handle = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder().unwrap();
    let collector = metrics_process::Collector::default();
    let mut sum = 0u64;
    while ticks() < 40 {
        sum = (0..100_000).fold(black_box(sum), |sum, number| sum.wrapping_mul(31).wrapping_add(number));
    }
    collector.collect();
    let used = ticks();
    assert!((30..100).contains(&used), "{used} ticks, {sum}");
    for line in handle.render().lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with("process_cpu_seconds_total") || line.starts_with("process_virtual_memory_max") {
            println!("{line}");
        }
    }
}
RUST
cd "$folder"
CARGO_TARGET_DIR="$folder/target" cargo build --quiet
seen=$(prlimit --as=unlimited:unlimited "$folder/target/debug/finding" | sort)
echo "$seen"
[ "$seen" = "process_cpu_seconds_total 0
process_virtual_memory_max_bytes 0" ]
