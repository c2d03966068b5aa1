//! The modules of this crate, by what their specs say. `opbus generate` writes this file.

use opbus_core::ModuleFactory;

/// All modules of this crate.
pub fn modules() -> Vec<ModuleFactory> {
    Vec::new()
}
