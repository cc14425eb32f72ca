//! A corpus of lines that are no paths.
