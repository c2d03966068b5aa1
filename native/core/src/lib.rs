//! What a Rust module of opbus is written against.
//!
//! A module implements the trait that `opbus generate` writes for its specs, and with it [`ManagedService`]. How it is
//! called (from Node in the same process, or as a sidecar) is none of its business. There are no dependencies.

extern crate self as opbus_core;

pub mod base64;
pub mod codec;
pub mod context;
pub mod generated;
pub mod json;
pub mod modules;
pub mod panics;
pub mod pool;
pub mod port;
pub mod registry;
pub mod service;
pub mod sidecar;
pub mod stream;
#[cfg(feature = "testing")]
pub mod testing;
pub mod timestamp;
pub mod value;
pub mod wire;

pub use context::CallContext;
pub use json::{Json, JsonError};
pub use port::{Port, Status};
pub use registry::Instance;
pub use service::{
    CommandInfo, Configurable, HealthStatus, Initialization, Lifecycle, ManagedService,
    MetricsEmitter, Mode, ModuleFactory, PressureLevel, ServiceModule,
};
pub use stream::{Elements, StreamSource};
pub use timestamp::Timestamp;
pub use value::Value;
pub use wire::{Sink, Source, Wire, WireError};

/// Locks a mutex whether or not a call panicked while it held it.
///
/// A panic becomes a defect of the one call, and the instance lives on; with `Mutex::lock` alone, every later call
/// would panic as well.
pub fn lock<T: ?Sized>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}
