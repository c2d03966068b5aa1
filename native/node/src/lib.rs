//! The binding between Rust modules of opbus and Node.
