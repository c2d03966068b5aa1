//! The memory that both sides see: one area per direction, so that an answer never overwrites what is still being read.

use crate::layout::{input, output, HEADER, UNFETCHED};
use crate::napi::{self, Env, Ref, Value};
use opbus_core::Status;
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

/// An answer, apart from its text.
pub struct Answer {
    pub status: Status,
    pub slots: Vec<u64>,
    pub bytes: Vec<u8>,
    /// What a creation or an opening has made.
    pub handle: u32,
}

impl Answer {
    /// An answer that is a message.
    pub fn without_value(status: Status) -> Self {
        Answer {
            status,
            slots: Vec::new(),
            bytes: Vec::new(),
            handle: 0,
        }
    }

    /// Whether the header can say how much it is.
    pub fn can_cross(&self) -> bool {
        u32::try_from(self.slots.len()).is_ok() && u32::try_from(self.bytes.len()).is_ok()
    }
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
    #[inline]
    pub unsafe fn head(&self) -> Head {
        let fields: &[u32; HEADER * 2] = &*self.input.data.cast();
        let slots = self.input.bytes / 8 - HEADER;
        Head {
            handle: fields[input::HANDLE],
            command: fields[input::COMMAND] as usize,
            slots: (fields[input::SLOTS] as usize).min(slots),
            text: fields[input::TEXT] as usize,
            bytes: (fields[input::BYTES] as usize).min(self.input_bytes.bytes),
            id: fields[input::ID],
            transport: fields[input::TRANSPORT] as usize,
            kind: fields[input::KIND] as usize,
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

    /// Writes an answer, or, when it does not fit, that it has to be fetched. Whether it fits.
    ///
    /// # Safety
    /// Only when attached, and while nothing borrows the output.
    pub unsafe fn put(&self, answer: &Answer) -> bool {
        let fits = self.put_slots(&answer.slots) && self.put_bytes(&answer.bytes);
        let (slots, bytes) = (answer.slots.len(), answer.bytes.len());
        self.announce(answer.status, fits, slots, bytes, answer.handle);
        fits
    }

    /// Writes the header of an answer.
    ///
    /// # Safety
    /// As [`Exchange::put`].
    #[inline]
    pub unsafe fn announce(
        &self,
        status: Status,
        fits: bool,
        slots: usize,
        bytes: usize,
        handle: u32,
    ) {
        let fields: &mut [u32; HEADER * 2] = &mut *self.output.data.cast();
        fields[output::STATUS] = status as u32 | if fits { 0 } else { UNFETCHED };
        fields[output::SLOTS] = slots as u32;
        fields[output::BYTES] = bytes as u32;
        fields[output::HANDLE] = handle;
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
