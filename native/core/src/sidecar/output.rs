//! The process's real stdout.

use std::io::Write;

/// Takes stdout away from everybody else: what a module prints must not be taken for an answer.
#[cfg(unix)]
pub fn take() -> Box<dyn Write + Send> {
    use std::fs::File;
    use std::os::raw::c_int;
    use std::os::unix::io::FromRawFd;

    extern "C" {
        fn dup(descriptor: c_int) -> c_int;
        fn dup2(from: c_int, to: c_int) -> c_int;
    }
    const STDOUT: c_int = 1;
    const STDERR: c_int = 2;

    // Nobody else knows the new descriptor, so the file may own it.
    let own = unsafe { dup(STDOUT) };
    if own < 0 {
        return Box::new(std::io::stdout());
    }
    unsafe {
        dup2(STDERR, STDOUT);
        Box::new(File::from_raw_fd(own))
    }
}

#[cfg(not(unix))]
pub fn take() -> Box<dyn Write + Send> {
    Box::new(std::io::stdout())
}
