# `just` lists what there is. Nothing here does more than the line that it runs.

_default:
    @just --list --unsorted

# Format, lints and every test, or only the stages that are named
test *STAGES:
    scripts/test {{ STAGES }}

# The service with a CloudFront of its own and a site to change
demo *ARGUMENTS:
    cargo run --release -- demo {{ ARGUMENTS }}

# The service, on the AWS credentials of this shell
serve *ARGUMENTS:
    cargo run --release -- serve {{ ARGUMENTS }}

# Measures the first job, and what the service costs
bench:
    scripts/bench

fmt:
    cargo fmt --all

lint:
    scripts/test format dependencies lints
