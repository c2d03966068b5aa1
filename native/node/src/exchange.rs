//! The memory that both sides see: one area per direction, so that an answer never overwrites what is still being read.

use crate::layout::{input, HEADER};
use crate::napi::{self, Env, Ref, Value};
use std::ffi::c_void;

/// An `ArrayBuffer` that is kept alive.
struct Area {
    data: *mut u8,
    bytes: usize,
    reference: Ref,
}

impl Area {
    const EMPTY: Area = Area {
        data: std::ptr::null_mut(),
        bytes: 0,
        reference: std::ptr::null_mut(),
    };

    unsafe fn attach(&mut self, env: Env, buffer: Value) -> bool {
        let mut data: *mut c_void = std::ptr::null_mut();
        let mut bytes = 0;
        let mut reference = std::ptr::null_mut();
        if napi::napi_get_arraybuffer_info(env, buffer, &mut data, &mut bytes) != napi::OK
            || napi::napi_create_reference(env, buffer, 1, &mut reference) != napi::OK
        {
            return false;
        }
        if !self.reference.is_null() {
            napi::napi_delete_reference(env, self.reference);
        }
        *self = Area {
            data: data.cast(),
            bytes,
            reference,
        };
        true
    }

    unsafe fn slots<'a>(&self) -> &'a [u64] {
        std::slice::from_raw_parts(self.data.cast(), self.bytes / 8)
    }

    unsafe fn slots_mut<'a>(&self) -> &'a mut [u64] {
        std::slice::from_raw_parts_mut(self.data.cast(), self.bytes / 8)
    }
}

/// The four areas of an environment.
pub struct Exchange {
    input: Area,
    output: Area,
    input_bytes: Area,
    output_bytes: Area,
}

/// What stands in the header of a call.
pub struct Head {
    pub handle: u32,
    pub command: usize,
    pub slots: usize,
    pub text: usize,
    pub bytes: usize,
    pub id: u32,
    pub transport: usize,
    pub kind: usize,
}

impl Exchange {
    pub const EMPTY: Exchange = Exchange {
        input: Area::EMPTY,
        output: Area::EMPTY,
        input_bytes: Area::EMPTY,
        output_bytes: Area::EMPTY,
    };

    /// Takes the areas `[input, output, inputBytes, outputBytes]` into use.
    ///
    /// # Safety
    /// On the thread of the environment, and while nothing borrows from the areas before.
    pub unsafe fn attach(&mut self, env: Env, buffers: &[Value; 4]) -> bool {
        self.input.attach(env, buffers[0])
            && self.output.attach(env, buffers[1])
            && self.input_bytes.attach(env, buffers[2])
            && self.output_bytes.attach(env, buffers[3])
            && self.input.bytes >= HEADER * 8
            && self.output.bytes >= HEADER * 8
    }

    pub fn is_attached(&self) -> bool {
        !self.input.data.is_null() && !self.output.data.is_null()
    }

    /// # Safety
    /// Only when attached.
    pub unsafe fn head(&self) -> Head {
        let slots = self.input.slots();
        let field = |at: usize| f64::from_bits(slots[at]);
        Head {
            handle: field(input::HANDLE) as u32,
            command: field(input::COMMAND) as usize,
            slots: (field(input::SLOTS) as usize).min(slots.len() - HEADER),
            text: field(input::TEXT) as usize,
            bytes: (field(input::BYTES) as usize).min(self.input_bytes.bytes),
            id: field(input::ID) as u32,
            transport: field(input::TRANSPORT) as usize,
            kind: field(input::KIND) as usize,
        }
    }

    /// The data slots of a call.
    ///
    /// # Safety
    /// Only when attached; JavaScript does not run while they are borrowed.
    pub unsafe fn input<'a>(&self, head: &Head) -> &'a [u64] {
        &self.input.slots()[HEADER..HEADER + head.slots]
    }

    /// # Safety
    /// As [`Exchange::input`].
    pub unsafe fn input_bytes<'a>(&self, head: &Head) -> &'a [u8] {
        if head.bytes == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.input_bytes.data, head.bytes)
    }

    /// The data slots of an answer.
    ///
    /// # Safety
    /// As [`Exchange::input`]; one borrow at a time.
    pub unsafe fn output<'a>(&self) -> &'a mut [u64] {
        &mut self.output.slots_mut()[HEADER..]
    }

    /// # Safety
    /// Only when attached, and while nothing borrows the output.
    pub unsafe fn set(&self, at: usize, value: usize) {
        self.output.slots_mut()[at] = (value as f64).to_bits();
    }

    /// The bytes of an answer, if they fit.
    ///
    /// # Safety
    /// Only when attached.
    pub unsafe fn put_bytes(&self, bytes: &[u8]) -> bool {
        if bytes.len() > self.output_bytes.bytes {
            return false;
        }
        if !bytes.is_empty() {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.output_bytes.data, bytes.len());
        }
        true
    }

    /// The slots of an answer, if they fit.
    ///
    /// # Safety
    /// Only when attached, and while nothing borrows the output.
    pub unsafe fn put_slots(&self, slots: &[u64]) -> bool {
        match self.output().get_mut(..slots.len()) {
            Some(target) => {
                target.copy_from_slice(slots);
                true
            }
            None => false,
        }
    }
}
