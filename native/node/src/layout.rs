//! What the 32-bit integers before the data mean. `src/native/internal/binding/layout.ts` says the same; a change of either is a
//! new ABI.

/// Both sides have to have been built for the same.
pub const ABI: u32 = 2;

/// The data of both directions begins at this slot; the integers before it are half a slot each.
pub const HEADER: usize = 4;

/// Of a call.
pub mod input {
    /// The instance, or the stream.
    pub const HANDLE: usize = 0;
    /// The command, or the operation of [`super::control`].
    pub const COMMAND: usize = 1;
    pub const SLOTS: usize = 2;
    /// In UTF-16 units.
    pub const TEXT: usize = 3;
    pub const BYTES: usize = 4;
    /// What an asynchronous call is answered and cancelled by.
    pub const ID: usize = 5;
    pub const TRANSPORT: usize = 6;
    pub const KIND: usize = 7;
}

/// Of an answer.
pub mod output {
    pub const STATUS: usize = 0;
    pub const SLOTS: usize = 1;
    pub const BYTES: usize = 2;
    /// The handle that a creation or an opening has made.
    pub const HANDLE: usize = 3;
}

/// Added to the status of an answer that has to be fetched, because the areas are too small.
pub const UNFETCHED: u32 = 0x100;

/// How the input and the answer are written.
pub mod transport {
    pub const JSON: usize = 1;
    pub const BYTES: usize = 2;
}

/// What an asynchronous call does.
pub mod kind {
    pub const CALL: usize = 0;
    pub const OPEN: usize = 1;
    pub const NEXT: usize = 2;
    pub const CREATE: usize = 3;
    pub const CONTROL: usize = 4;
}

/// What can be asked of an instance besides its commands.
pub mod control {
    pub const HEALTH: usize = 0;
    pub const PRESSURE: usize = 1;
    pub const SHED: usize = 2;
    pub const HEAL: usize = 3;
    pub const SHUTDOWN: usize = 4;
    pub const METRICS: usize = 5;
    pub const LIST: usize = 6;
    pub const GET: usize = 7;
    pub const SET: usize = 8;
    pub const INITIALIZE: usize = 9;
}
