//! Any text makes a plan, and whatever the plan sends is what CloudFront takes.

#![no_main]

mod any_plan;

libfuzzer_sys::fuzz_target!(|text: &str| any_plan::check(text));
