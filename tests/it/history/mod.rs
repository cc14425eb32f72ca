//! The history as an auditor tests it.
