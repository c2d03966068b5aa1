//! What implements the modules of this crate. `opbus generate` writes this list.
