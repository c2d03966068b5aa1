//! The part of Node-API that the binding uses, found in the process that has loaded it.
//!
//! The functions are looked up instead of linked: so that the crate builds without Node, needs no build script on any
//! platform, and can be a dependency of somebody's own addon.

#![allow(non_camel_case_types)]

use std::ffi::c_void;
use std::os::raw::c_char;
use std::sync::atomic::{AtomicPtr, Ordering};

#[repr(C)]
pub struct napi_env__ {
    _private: [u8; 0],
}
#[repr(C)]
pub struct napi_value__ {
    _private: [u8; 0],
}

pub type Env = *mut napi_env__;
pub type Value = *mut napi_value__;
pub type Info = *mut c_void;
pub type Ref = *mut c_void;
pub type Scope = *mut c_void;
pub type Wake = *mut c_void;
pub type Code = i32;
pub type Callback = unsafe extern "C" fn(Env, Info) -> Value;
pub type CallJs = unsafe extern "C" fn(Env, Value, *mut c_void, *mut c_void);
pub type Finalize = unsafe extern "C" fn(Env, *mut c_void, *mut c_void);

pub const OK: Code = 0;
pub const PENDING_EXCEPTION: Code = 10;
/// Lengths that mean: up to the terminating zero.
pub const AUTO_LENGTH: usize = usize::MAX;
pub const NONBLOCKING: i32 = 0;

macro_rules! functions {
    ($($name:ident($($argument:ident: $kind:ty),* $(,)?);)*) => {
        struct Api {
            $($name: unsafe extern "C" fn($($kind),*) -> Code,)*
        }

        /// Finds the functions; an error is the name of the one that is missing.
        pub fn load() -> Result<(), String> {
            if !API.load(Ordering::Acquire).is_null() {
                return Ok(());
            }
            let api = Api {
                $($name: {
                    let address = symbol(concat!(stringify!($name), "\0"));
                    if address.is_null() {
                        return Err(stringify!($name).to_string());
                    }
                    // SAFETY: Node exports a function of this name and type; the ABI of Node-API is stable.
                    unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($kind),*) -> Code>(address) }
                },)*
            };
            // Two threads may both get here; the one that is late leaks a few hundred bytes.
            API.store(Box::into_raw(Box::new(api)), Ordering::Release);
            Ok(())
        }

        $(
            /// # Safety
            /// As Node-API says; only after [`load`].
            #[inline(always)]
            #[allow(clippy::too_many_arguments)] // They are Node's.
            pub unsafe fn $name($($argument: $kind),*) -> Code {
                ((*API.load(Ordering::Relaxed)).$name)($($argument),*)
            }
        )*
    };
}

static API: AtomicPtr<Api> = AtomicPtr::new(std::ptr::null_mut());

functions! {
    napi_get_cb_info(env: Env, info: Info, count: *mut usize, arguments: *mut Value, this: *mut Value, data: *mut *mut c_void);
    napi_create_function(env: Env, name: *const c_char, length: usize, callback: Callback, data: *mut c_void, result: *mut Value);
    napi_set_named_property(env: Env, object: Value, name: *const c_char, value: Value);
    napi_create_double(env: Env, value: f64, result: *mut Value);
    napi_get_value_double(env: Env, value: Value, result: *mut f64);
    napi_create_string_latin1(env: Env, text: *const c_char, length: usize, result: *mut Value);
    napi_create_string_utf8(env: Env, text: *const c_char, length: usize, result: *mut Value);
    napi_get_value_string_utf8(env: Env, value: Value, buffer: *mut c_char, size: usize, written: *mut usize);
    napi_get_arraybuffer_info(env: Env, buffer: Value, data: *mut *mut c_void, length: *mut usize);
    napi_create_reference(env: Env, value: Value, count: u32, result: *mut Ref);
    napi_delete_reference(env: Env, reference: Ref);
    napi_get_reference_value(env: Env, reference: Ref, result: *mut Value);
    napi_call_function(env: Env, this: Value, function: Value, count: usize, arguments: *const Value, result: *mut Value);
    napi_get_undefined(env: Env, result: *mut Value);
    napi_open_handle_scope(env: Env, result: *mut Scope);
    napi_close_handle_scope(env: Env, scope: Scope);
    napi_throw_error(env: Env, code: *const c_char, message: *const c_char);
    napi_get_and_clear_last_exception(env: Env, result: *mut Value);
    napi_fatal_exception(env: Env, exception: Value);
    napi_add_env_cleanup_hook(env: Env, hook: unsafe extern "C" fn(*mut c_void), argument: *mut c_void);
    napi_create_threadsafe_function(env: Env, function: Value, resource: Value, name: Value, queue: usize, threads: usize, finalize_data: *mut c_void, finalize: Option<Finalize>, context: *mut c_void, call: CallJs, result: *mut Wake);
    napi_call_threadsafe_function(wake: Wake, data: *mut c_void, mode: i32);
    napi_ref_threadsafe_function(env: Env, wake: Wake);
    napi_unref_threadsafe_function(env: Env, wake: Wake);
}

#[cfg(unix)]
fn symbol(name: &str) -> *mut c_void {
    extern "C" {
        fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    }
    #[cfg(any(target_os = "macos", target_os = "ios", target_os = "freebsd"))]
    let everywhere = -2isize as *mut c_void;
    #[cfg(not(any(target_os = "macos", target_os = "ios", target_os = "freebsd")))]
    let everywhere = std::ptr::null_mut();
    // SAFETY: the name ends with a zero.
    unsafe { dlsym(everywhere, name.as_ptr().cast()) }
}

#[cfg(windows)]
fn symbol(name: &str) -> *mut c_void {
    #[link(name = "kernel32")]
    extern "system" {
        fn GetModuleHandleW(name: *const u16) -> *mut c_void;
        fn GetProcAddress(module: *mut c_void, name: *const c_char) -> *mut c_void;
    }
    // SAFETY: no name means the executable; the name of the function ends with a zero.
    unsafe { GetProcAddress(GetModuleHandleW(std::ptr::null()), name.as_ptr().cast()) }
}

/// Keeps this library in the process for good: its threads may be running when the worker that loaded it has ended, and
/// a thread whose code is gone takes the process along.
#[cfg(unix)]
pub fn pin() {
    #[repr(C)]
    struct Place {
        file: *const c_char,
        base: *mut c_void,
        symbol: *const c_char,
        address: *mut c_void,
    }
    extern "C" {
        fn dladdr(address: *const c_void, place: *mut Place) -> i32;
        fn dlopen(file: *const c_char, mode: i32) -> *mut c_void;
    }
    const NOW: i32 = 2;
    let mut place = Place {
        file: std::ptr::null(),
        base: std::ptr::null_mut(),
        symbol: std::ptr::null(),
        address: std::ptr::null_mut(),
    };
    // SAFETY: the address is one of this library; opening it once more, and never closing it, keeps it loaded.
    unsafe {
        if dladdr(pin as *const c_void, &mut place) != 0 && !place.file.is_null() {
            dlopen(place.file, NOW);
        }
    }
}

#[cfg(windows)]
pub fn pin() {
    #[link(name = "kernel32")]
    extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
    }
    const PIN: u32 = 1;
    const FROM_ADDRESS: u32 = 4;
    let mut module = std::ptr::null_mut();
    // SAFETY: the address is one of this library.
    unsafe { GetModuleHandleExW(PIN | FROM_ADDRESS, pin as *const c_void, &mut module) };
}
