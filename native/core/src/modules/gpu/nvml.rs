//! NVIDIA's management library, looked for when it is needed: nothing links against it, and most machines have none.

/// What the GPUs of a machine say.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    pub name: String,
    pub total_bytes: u64,
    pub used_bytes: u64,
}

/// The name under which the library is looked for.
pub const LIBRARY: &str = "libnvidia-ml.so.1";

/// As the TypeScript implementation says it as well, where no driver is.
pub fn no_driver(library: &str) -> String {
    format!("no NVIDIA driver was found: {} cannot be loaded", library)
}

pub use platform::Nvml;

#[cfg(unix)]
#[allow(unsafe_code)]
mod platform {
    use super::{no_driver, Figures};
    use std::ffi::{CStr, CString};
    use std::mem::transmute;
    use std::os::raw::{c_char, c_int, c_uint, c_void};
    use std::ptr::null_mut;

    extern "C" {
        fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
        fn dlclose(library: *mut c_void) -> c_int;
    }

    const RTLD_NOW: c_int = 2;
    const NAME_LENGTH: usize = 96;

    #[repr(C)]
    #[derive(Default)]
    struct Memory {
        total: u64,
        free: u64,
        used: u64,
    }

    type Device = *mut c_void;
    type Plain = unsafe extern "C" fn() -> c_int;
    type Count = unsafe extern "C" fn(*mut c_uint) -> c_int;
    type Handle = unsafe extern "C" fn(c_uint, *mut Device) -> c_int;
    type Name = unsafe extern "C" fn(Device, *mut c_char, c_uint) -> c_int;
    type MemoryInfo = unsafe extern "C" fn(Device, *mut Memory) -> c_int;

    /// The functions of the library, as `nvml.h` declares them.
    #[derive(Clone, Copy)]
    struct Functions {
        init: Plain,
        shutdown: Plain,
        count: Count,
        handle: Handle,
        name: Name,
        memory: MemoryInfo,
    }

    struct Library(*mut c_void);

    // SAFETY: the library is thread-safe, by its documentation; a handle to it is an address.
    unsafe impl Send for Library {}
    unsafe impl Sync for Library {}

    impl Drop for Library {
        fn drop(&mut self) {
            // SAFETY: it was opened once, and no function of it is called any more.
            unsafe { dlclose(self.0) };
        }
    }

    /// The library, initialised. It is shut down, and then closed, when this is dropped.
    pub struct Nvml {
        functions: Functions,
        _library: Library,
    }

    impl Drop for Nvml {
        fn drop(&mut self) {
            // SAFETY: it is initialised, and still loaded.
            unsafe { (self.functions.shutdown)() };
        }
    }

    impl Nvml {
        pub fn open(path: &str) -> Result<Nvml, String> {
            let name = CString::new(path).map_err(|_| no_driver(path))?;
            // SAFETY: a name that ends with zero; what a library does when it is loaded is its own affair.
            let address = unsafe { dlopen(name.as_ptr(), RTLD_NOW) };
            if address.is_null() {
                return Err(no_driver(path));
            }
            let library = Library(address);
            let functions = library.functions()?;
            // SAFETY: the library is loaded.
            done(unsafe { (functions.init)() }, "nvmlInit_v2")?;
            Ok(Nvml {
                functions,
                _library: library,
            })
        }

        /// Of all GPUs together.
        pub fn read(&self) -> Result<Figures, String> {
            let mut count: c_uint = 0;
            // SAFETY: here and below, the library is initialised, and every pointer is to a value of the declared type
            // that outlives the call.
            done(
                unsafe { (self.functions.count)(&mut count) },
                "nvmlDeviceGetCount_v2",
            )?;
            if count == 0 {
                return Err("the NVIDIA driver finds no GPU".to_string());
            }
            let mut names: Vec<String> = Vec::new();
            let (mut total_bytes, mut used_bytes) = (0u64, 0u64);
            for index in 0..count {
                let (name, memory) = self.device(index)?;
                names.push(name);
                total_bytes = total_bytes.saturating_add(memory.total);
                used_bytes = used_bytes.saturating_add(memory.used);
            }
            Ok(Figures {
                name: join(&names),
                total_bytes,
                used_bytes,
            })
        }

        fn device(&self, index: c_uint) -> Result<(String, Memory), String> {
            let mut device: Device = null_mut();
            let status = unsafe { (self.functions.handle)(index, &mut device) };
            done(status, "nvmlDeviceGetHandleByIndex_v2")?;
            let mut name = [0; NAME_LENGTH + 1];
            let status =
                unsafe { (self.functions.name)(device, name.as_mut_ptr(), NAME_LENGTH as c_uint) };
            done(status, "nvmlDeviceGetName")?;
            let mut memory = Memory::default();
            let status = unsafe { (self.functions.memory)(device, &mut memory) };
            done(status, "nvmlDeviceGetMemoryInfo")?;
            // SAFETY: one byte more than the library may write, so that a zero is always there.
            let name = unsafe { CStr::from_ptr(name.as_ptr()) };
            Ok((name.to_string_lossy().into_owned(), memory))
        }
    }

    impl Library {
        fn functions(&self) -> Result<Functions, String> {
            // SAFETY: the types are those that nvml.h declares for these names, and an address is as large as a function.
            unsafe {
                Ok(Functions {
                    init: transmute::<*mut c_void, Plain>(self.find("nvmlInit_v2")?),
                    shutdown: transmute::<*mut c_void, Plain>(self.find("nvmlShutdown")?),
                    count: transmute::<*mut c_void, Count>(self.find("nvmlDeviceGetCount_v2")?),
                    handle: transmute::<*mut c_void, Handle>(
                        self.find("nvmlDeviceGetHandleByIndex_v2")?,
                    ),
                    name: transmute::<*mut c_void, Name>(self.find("nvmlDeviceGetName")?),
                    memory: transmute::<*mut c_void, MemoryInfo>(
                        self.find("nvmlDeviceGetMemoryInfo")?,
                    ),
                })
            }
        }

        fn find(&self, name: &'static str) -> Result<*mut c_void, String> {
            let lacks = || format!("the NVIDIA driver lacks {}", name);
            let symbol = CString::new(name).map_err(|_| lacks())?;
            // SAFETY: the library is loaded, and the name ends with zero.
            let address = unsafe { dlsym(self.0, symbol.as_ptr()) };
            if address.is_null() {
                Err(lacks())
            } else {
                Ok(address)
            }
        }
    }

    fn done(status: c_int, function: &str) -> Result<(), String> {
        if status == 0 {
            Ok(())
        } else {
            Err(format!(
                "the NVIDIA driver does not answer: {} gave {}",
                function, status
            ))
        }
    }

    /// `A`, `2 x A`, or `A, B`.
    fn join(names: &[String]) -> String {
        match names {
            [one] => one.clone(),
            [first, rest @ ..] if rest.iter().all(|name| name == first) => {
                format!("{} x {}", names.len(), first)
            }
            _ => names.join(", "),
        }
    }
}

#[cfg(not(unix))]
mod platform {
    use super::{no_driver, Figures};

    /// Nothing: where libraries are loaded in another way, the driver is not looked for.
    pub enum Nvml {}

    impl Nvml {
        pub fn open(path: &str) -> Result<Nvml, String> {
            Err(no_driver(path))
        }

        pub fn read(&self) -> Result<Figures, String> {
            match *self {}
        }
    }
}
