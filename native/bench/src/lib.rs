//! `{ x, y, name } -> { sum, name }`, as somebody would write it by hand against Node-API. Not shipped; the benchmarks
//! compare the binding with it.
//!
//! - `add(x, y, name)`: arguments one by one, the sum in an array that both sides see; the fastest there is.
//! - `object(params)`: an object in, an object out, property by property; what binding libraries do.

use std::os::raw::{c_char, c_void};
use std::panic::catch_unwind;

type Env = *mut c_void;
type Value = *mut c_void;
type Info = *mut c_void;
type Callback = unsafe extern "C" fn(Env, Info) -> Value;

extern "C" {
    fn napi_get_cb_info(
        env: Env,
        info: Info,
        count: *mut usize,
        arguments: *mut Value,
        this: *mut Value,
        data: *mut *mut c_void,
    ) -> i32;
    fn napi_create_function(
        env: Env,
        name: *const c_char,
        length: usize,
        callback: Callback,
        data: *mut c_void,
        result: *mut Value,
    ) -> i32;
    fn napi_set_named_property(env: Env, object: Value, name: *const c_char, value: Value) -> i32;
    fn napi_get_named_property(
        env: Env,
        object: Value,
        name: *const c_char,
        result: *mut Value,
    ) -> i32;
    fn napi_get_value_double(env: Env, value: Value, result: *mut f64) -> i32;
    fn napi_create_double(env: Env, value: f64, result: *mut Value) -> i32;
    fn napi_get_value_string_utf8(
        env: Env,
        value: Value,
        buffer: *mut c_char,
        size: usize,
        written: *mut usize,
    ) -> i32;
    fn napi_create_string_utf8(
        env: Env,
        text: *const c_char,
        length: usize,
        result: *mut Value,
    ) -> i32;
    fn napi_create_object(env: Env, result: *mut Value) -> i32;
    fn napi_get_arraybuffer_info(
        env: Env,
        buffer: Value,
        data: *mut *mut c_void,
        length: *mut usize,
    ) -> i32;
    fn napi_create_reference(env: Env, value: Value, count: u32, result: *mut *mut c_void) -> i32;
}

/// What the command does.
fn command(x: f64, y: f64, name: String) -> (f64, String) {
    (x + y, name)
}

unsafe fn text(env: Env, value: Value) -> String {
    let mut size = 0;
    napi_get_value_string_utf8(env, value, std::ptr::null_mut(), 0, &mut size);
    let mut buffer = Vec::with_capacity(size + 1);
    let mut written = 0;
    napi_get_value_string_utf8(
        env,
        value,
        buffer.as_mut_ptr() as *mut c_char,
        size + 1,
        &mut written,
    );
    buffer.set_len(written);
    String::from_utf8_unchecked(buffer)
}

unsafe fn double(env: Env, value: Value) -> f64 {
    let mut number = 0.0;
    napi_get_value_double(env, value, &mut number);
    number
}

unsafe extern "C" fn share(env: Env, info: Info) -> Value {
    let (mut count, mut buffer, mut place) = (1, std::ptr::null_mut(), std::ptr::null_mut());
    napi_get_cb_info(
        env,
        info,
        &mut count,
        &mut buffer,
        std::ptr::null_mut(),
        &mut place,
    );
    let (mut data, mut length, mut reference) = (std::ptr::null_mut(), 0, std::ptr::null_mut());
    napi_get_arraybuffer_info(env, buffer, &mut data, &mut length);
    napi_create_reference(env, buffer, 1, &mut reference);
    *place.cast::<*mut f64>() = data.cast();
    std::ptr::null_mut()
}

unsafe extern "C" fn add(env: Env, info: Info) -> Value {
    let (mut count, mut arguments, mut place) =
        (3, [std::ptr::null_mut(); 3], std::ptr::null_mut());
    napi_get_cb_info(
        env,
        info,
        &mut count,
        arguments.as_mut_ptr(),
        std::ptr::null_mut(),
        &mut place,
    );
    let (x, y) = (double(env, arguments[0]), double(env, arguments[1]));
    let name = text(env, arguments[2]);
    match catch_unwind(move || command(x, y, name)) {
        Ok((sum, name)) => {
            **place.cast::<*mut f64>() = sum;
            let mut result = std::ptr::null_mut();
            napi_create_string_utf8(env, name.as_ptr().cast(), name.len(), &mut result);
            result
        }
        Err(_) => std::ptr::null_mut(),
    }
}

unsafe extern "C" fn object(env: Env, info: Info) -> Value {
    let (mut count, mut params) = (1, std::ptr::null_mut());
    napi_get_cb_info(
        env,
        info,
        &mut count,
        &mut params,
        std::ptr::null_mut(),
        std::ptr::null_mut(),
    );
    let field = |name: &str| {
        let mut value = std::ptr::null_mut();
        napi_get_named_property(env, params, name.as_ptr().cast(), &mut value);
        value
    };
    let (x, y, name) = (
        double(env, field("x\0")),
        double(env, field("y\0")),
        text(env, field("name\0")),
    );
    match catch_unwind(move || command(x, y, name)) {
        Ok((sum, name)) => {
            let (mut result, mut first, mut second) = (
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            );
            napi_create_object(env, &mut result);
            napi_create_double(env, sum, &mut first);
            napi_set_named_property(env, result, "sum\0".as_ptr().cast(), first);
            napi_create_string_utf8(env, name.as_ptr().cast(), name.len(), &mut second);
            napi_set_named_property(env, result, "name\0".as_ptr().cast(), second);
            result
        }
        Err(_) => std::ptr::null_mut(),
    }
}

/// # Safety
/// Node calls it.
#[no_mangle]
pub unsafe extern "C" fn napi_register_module_v1(env: Env, exports: Value) -> Value {
    let place: *mut *mut f64 = Box::into_raw(Box::new(std::ptr::null_mut()));
    for (name, callback) in [
        ("share\0", share as Callback),
        ("add\0", add as Callback),
        ("object\0", object as Callback),
    ] {
        let mut function = std::ptr::null_mut();
        napi_create_function(
            env,
            name.as_ptr().cast(),
            usize::MAX,
            callback,
            place.cast(),
            &mut function,
        );
        napi_set_named_property(env, exports, name.as_ptr().cast(), function);
    }
    exports
}
