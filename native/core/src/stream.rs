//! Streams, pulled one element at a time.

use crate::context::CallContext;
use crate::json::Json;
use crate::port::{Port, Status};
use crate::wire::Wire;

/// Where the elements of a stream come from. Nothing is asked for before the consumer wants it.
pub trait StreamSource<T, E>: Send {
    /// The next element; `None` at the end. It may block; then it polls `context.is_cancelled()`.
    fn next(&mut self, context: &CallContext) -> Option<Result<T, E>>;

    /// Whether `next` would answer at once: then several elements cross the border together.
    fn is_ready(&self) -> bool {
        false
    }
}

/// Any iterator of results is a stream whose elements are ready.
pub struct IterStream<I>(pub I);

impl<T, E, I: Iterator<Item = Result<T, E>> + Send> StreamSource<T, E> for IterStream<I> {
    fn next(&mut self, _context: &CallContext) -> Option<Result<T, E>> {
        self.0.next()
    }

    fn is_ready(&self) -> bool {
        true
    }
}

/// An open stream whose types have been forgotten; [`Port::open`] makes it.
pub trait Elements: Send {
    /// Writes the next element: `Ok` with an element, `Failure` with the failure that ends it, or `End`.
    fn next(&mut self, context: &CallContext, port: &mut Port<'_>) -> Status;
    fn is_ready(&self) -> bool;
}

pub(crate) struct Typed<T, E>(pub(crate) Box<dyn StreamSource<T, E>>);

impl<T: Wire + Json, E: Wire + Json> Elements for Typed<T, E> {
    fn next(&mut self, context: &CallContext, port: &mut Port<'_>) -> Status {
        match self.0.next(context) {
            None => Status::End,
            Some(Ok(item)) => port.answer(Status::Ok, &item),
            Some(Err(failure)) => port.answer(Status::Failure, &failure),
        }
    }

    fn is_ready(&self) -> bool {
        self.0.is_ready()
    }
}
