//! Threads for calls that do not run on the caller's.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

type Job = Box<dyn FnOnce() + Send>;

/// How long a thread waits for work before it ends.
const IDLE: Duration = Duration::from_secs(10);

struct Shared {
    state: Mutex<State>,
    work: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
}

/// Threads that are started when there is work for them, and end when there has been none for a while.
pub struct Pool {
    name: &'static str,
    limit: usize,
    shared: Arc<Shared>,
}

impl Pool {
    /// A pool of at most `limit` threads; it has none yet.
    pub fn new(name: &'static str, limit: usize) -> Self {
        Pool {
            name,
            limit: limit.max(1),
            shared: Arc::new(Shared {
                state: Mutex::new(State {
                    jobs: VecDeque::new(),
                    threads: 0,
                    idle: 0,
                }),
                work: Condvar::new(),
            }),
        }
    }

    /// Runs a job on a thread of the pool, after those that came before it. Jobs do not panic; they guard themselves.
    pub fn spawn(&self, job: Job) {
        let mut state = crate::lock(&self.shared.state);
        state.jobs.push_back(job);
        if state.idle >= state.jobs.len() {
            self.shared.work.notify_one();
        } else if state.threads < self.limit {
            state.threads += 1;
            drop(state);
            let shared = self.shared.clone();
            let thread = std::thread::Builder::new()
                .name(self.name.to_string())
                .spawn(move || serve(&shared));
            if thread.is_err() {
                self.without_thread();
            }
        }
    }

    /// The machine gives no more threads: the ones there are do the work, or, with none, the caller does.
    fn without_thread(&self) {
        let mut state = crate::lock(&self.shared.state);
        state.threads -= 1;
        if state.threads == 0 {
            while let Some(job) = state.jobs.pop_front() {
                drop(state);
                job();
                state = crate::lock(&self.shared.state);
            }
        }
    }
}

fn serve(shared: &Shared) {
    let mut state = crate::lock(&shared.state);
    loop {
        if let Some(job) = state.jobs.pop_front() {
            drop(state);
            job();
            state = crate::lock(&shared.state);
            continue;
        }
        state.idle += 1;
        let (guard, waited) = match shared.work.wait_timeout(state, IDLE) {
            Ok(result) => result,
            Err(poisoned) => poisoned.into_inner(),
        };
        state = guard;
        state.idle -= 1;
        if waited.timed_out() && state.jobs.is_empty() {
            state.threads -= 1;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pool;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{mpsc, Arc, Barrier};

    #[test]
    fn runs_all_jobs_on_few_threads() {
        let pool = Pool::new("test", 3);
        let (done, all) = mpsc::channel();
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for job in 0..1000 {
            let (done, running, most) = (done.clone(), running.clone(), most.clone());
            pool.spawn(Box::new(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                done.send(job).unwrap();
            }));
        }
        drop(done);
        let mut jobs: Vec<i32> = all.iter().collect();
        jobs.sort_unstable();
        assert_eq!(jobs, (0..1000).collect::<Vec<_>>());
        assert!(most.load(Ordering::SeqCst) <= 3);
    }

    #[test]
    fn jobs_that_wait_for_one_another_get_their_threads() {
        let pool = Pool::new("test", 4);
        for _ in 0..50 {
            let barrier = Arc::new(Barrier::new(5));
            for _ in 0..4 {
                let barrier = barrier.clone();
                pool.spawn(Box::new(move || {
                    barrier.wait();
                }));
            }
            barrier.wait();
        }
    }
}
