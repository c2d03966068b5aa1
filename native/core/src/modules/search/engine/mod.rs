//! The full-text index itself, which knows nothing of services.

pub mod cost;
mod dictionary;
pub mod index;
mod number;
mod pool;
pub mod query;
mod tables;
pub mod terms;

/// How much room to make for `needed` elements where there is room for `capacity`: a quarter more,
/// so that less lies idle than with the doubling of `Vec`.
fn capacity_for(capacity: usize, needed: usize) -> usize {
    needed.max(capacity + capacity / 4 + 16)
}

/// Makes room for `needed` elements.
fn grow<T>(elements: &mut Vec<T>, needed: usize) {
    if needed > elements.capacity() {
        let capacity = capacity_for(elements.capacity(), needed);
        elements.reserve_exact(capacity - elements.len());
    }
}
