//! Panics become messages instead of leaving the process in pieces.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

static HOOK: Once = Once::new();

/// Runs `body`; a panic becomes its message and the place where it happened, and prints nothing.
pub fn guard<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    HOOK.call_once(install);
    // Looked up once: this is on the way of every call.
    let result = GUARDED.with(|guarded| {
        let outer = guarded.replace(true);
        let result = panic::catch_unwind(AssertUnwindSafe(body));
        guarded.set(outer);
        result
    });
    result.map_err(|payload| {
        let place = PLACE.with(|place| std::mem::take(&mut *place.borrow_mut()));
        let message = text(payload.as_ref());
        // What was thrown might panic again while it is dropped.
        std::mem::forget(payload);
        if place.is_empty() {
            message
        } else {
            format!("{message} ({place})")
        }
    })
}

fn install() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if GUARDED.with(Cell::get) {
            let place = info
                .location()
                .map_or_else(String::new, ToString::to_string);
            PLACE.with(|cell| *cell.borrow_mut() = place);
        } else {
            before(info);
        }
    }));
}

fn text(payload: &(dyn Any + Send)) -> String {
    if let Some(message) = payload.downcast_ref::<&str>() {
        (*message).to_string()
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message.clone()
    } else {
        "a panic without a message".to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::guard;

    #[test]
    fn a_panic_says_what_and_where() {
        let message = guard(|| panic!("out of {}", "luck")).unwrap_err();
        assert!(
            message.starts_with("out of luck (native/core/src/panics.rs:")
                || message.starts_with("out of luck (src"),
            "{message}"
        );
        assert_eq!(guard(|| 7), Ok(7));
    }

    #[test]
    fn a_guard_within_a_guard_keeps_the_outer_one() {
        let message = guard(|| {
            assert_eq!(
                guard(|| panic!("inner"))
                    .map(|()| 0)
                    .unwrap_err()
                    .split(' ')
                    .next(),
                Some("inner")
            );
            panic!("outer")
        });
        assert!(message.map(|()| 0).unwrap_err().starts_with("outer"));
    }
}
