//! Memory for the bytes of one model, straight from the operating system where that is known how.
//!
//! An allocator keeps what is freed for later; a pool that promises to give memory back must not rely on it.

use std::ops::{Deref, DerefMut};

/// Zeroed memory of a fixed size. Dropping it gives the pages back at once.
pub struct Pages {
    memory: memory::Memory,
}

impl Pages {
    /// `None` when the system has no memory left.
    pub fn new(bytes: usize) -> Option<Pages> {
        memory::Memory::new(bytes).map(|memory| Pages { memory })
    }
}

impl Deref for Pages {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.memory.bytes()
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.memory.bytes_mut()
    }
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
#[allow(unsafe_code)]
mod memory {
    use std::os::raw::{c_int, c_void};
    use std::ptr::{null_mut, NonNull};

    extern "C" {
        fn mmap(
            address: *mut c_void,
            length: usize,
            protection: c_int,
            flags: c_int,
            file: c_int,
            offset: i64,
        ) -> *mut c_void;
        fn munmap(address: *mut c_void, length: usize) -> c_int;
    }

    const READ_WRITE: c_int = 1 | 2;
    #[cfg(target_os = "linux")]
    const PRIVATE_ANONYMOUS: c_int = 0x02 | 0x20;
    #[cfg(target_os = "macos")]
    const PRIVATE_ANONYMOUS: c_int = 0x02 | 0x1000;

    pub struct Memory {
        start: NonNull<u8>,
        length: usize,
    }

    // The mapping belongs to this value alone, and a pointer to it never leaves without a borrow of it.
    unsafe impl Send for Memory {}
    unsafe impl Sync for Memory {}

    impl Memory {
        pub fn new(length: usize) -> Option<Memory> {
            if length == 0 || length > isize::MAX as usize {
                return None;
            }
            // SAFETY: a new private mapping at an address of the system's choice touches no memory of ours.
            let start = unsafe { mmap(null_mut(), length, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0) };
            // Failure is the address -1.
            if start as usize == usize::MAX {
                return None;
            }
            NonNull::new(start.cast::<u8>()).map(|start| Memory { start, length })
        }

        pub fn bytes(&self) -> &[u8] {
            // SAFETY: `length` mapped bytes begin at `start`, zeroed by the system, until `drop`.
            unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
        }

        pub fn bytes_mut(&mut self) -> &mut [u8] {
            // SAFETY: as above; `&mut self` makes it the only borrow.
            unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
        }
    }

    impl Drop for Memory {
        fn drop(&mut self) {
            // SAFETY: the mapping is ours, and nobody borrows from a value that is dropped.
            unsafe { munmap(self.start.as_ptr().cast::<c_void>(), self.length) };
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod memory {
    pub struct Memory {
        bytes: Vec<u8>,
    }

    impl Memory {
        pub fn new(length: usize) -> Option<Memory> {
            let mut bytes = Vec::new();
            if length == 0 || bytes.try_reserve_exact(length).is_err() {
                return None;
            }
            bytes.resize(length, 0);
            Some(Memory { bytes })
        }

        pub fn bytes(&self) -> &[u8] {
            &self.bytes
        }

        pub fn bytes_mut(&mut self) -> &mut [u8] {
            &mut self.bytes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pages;

    #[test]
    fn memory_is_zeroed_and_can_be_written_to_its_last_byte() {
        let mut pages = Pages::new(5_000_003).unwrap();
        assert_eq!(pages.len(), 5_000_003);
        assert!(pages.iter().all(|byte| *byte == 0));
        let last = pages.len() - 1;
        pages[last] = 7;
        assert_eq!(pages[last], 7);
    }

    #[test]
    fn more_than_the_system_has_is_none_and_no_abort() {
        assert!(Pages::new(usize::MAX).is_none());
        assert!(Pages::new(1 << 60).is_none());
        assert!(Pages::new(0).is_none());
    }

    #[cfg(target_os = "linux")]
    fn resident() -> u64 {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn dropping_gives_the_pages_back_at_once() {
        const SIZE: usize = 200 << 20;
        let before = resident();
        let mut pages = Pages::new(SIZE).unwrap();
        for at in (0..SIZE).step_by(4096) {
            pages[at] = 1;
        }
        assert!(
            resident() > before + (180 << 20),
            "the pages are really there"
        );
        drop(pages);
        assert!(resident() < before + (100 << 20), "and really gone");
    }
}
