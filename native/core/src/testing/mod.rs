//! The binding's own test module, in the shape that `opbus generate` writes. Not part of a release.

mod echo;
mod echo_service;

use opbus_core::ModuleFactory;

/// The test modules.
pub fn modules() -> Vec<ModuleFactory> {
    vec![echo::FACTORY]
}
