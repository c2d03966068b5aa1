//! The binding between Rust modules of opbus and Node.
//!
//! An addon is a `cdylib` with one line: `opbus_node::export!(my_core::generated::modules);`. The binding is what
//! `src/native/internal/binding` of opbus talks to; nothing of it is meant to be called by hand.
//!
//! A call is one function call: numbers are in an array that both sides see, all strings of the call are one. What a
//! call is and how it ended stands in the first slots ([`layout`]).

mod deliver;
mod environment;
mod exchange;
mod functions;
mod job;
mod layout;
pub mod napi;
mod probe;

pub use environment::register;
pub use opbus_core;

/// Exports what Node looks for, with the modules that these functions give.
#[macro_export]
macro_rules! export {
    ($($modules:path),+ $(,)?) => {
        /// # Safety
        /// Node calls it.
        #[no_mangle]
        pub unsafe extern "C" fn napi_register_module_v1(
            env: $crate::napi::Env,
            exports: $crate::napi::Value,
        ) -> $crate::napi::Value {
            let mut modules = ::std::vec::Vec::new();
            $(modules.extend($modules());)+
            $crate::register(env, exports, modules)
        }

        #[no_mangle]
        pub extern "C" fn node_api_module_get_api_version_v1() -> i32 {
            8
        }
    };
}
