//! Whole flows.
