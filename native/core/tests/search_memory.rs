//! What a search index says that it takes, beside what it has really allocated.

use opbus_core::modules::search::engine::index::{Document, Index, Ranking, Texts};
use opbus_core::modules::search::engine::query::{self, Query, Scores};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

/// Counts what the thread at hand has allocated and not given back.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<i64> = const { Cell::new(0) };
}

fn count(bytes: i64) {
    // A thread that is ending has no such variable any more.
    let _ = ALLOCATED.try_with(|allocated| allocated.set(allocated.get() + bytes));
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        System.alloc(layout)
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        System.dealloc(pointer, layout)
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocated() -> i64 {
    ALLOCATED.with(Cell::get)
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// Words come as they do in texts: few of them often, most of them rarely.
    fn word(&mut self, vocabulary: usize) -> String {
        let rank = self.below(vocabulary) * self.below(vocabulary) / vocabulary;
        format!(
            "{}{}",
            ["wo", "ter", "sear", "índ", "querying"][rank % 5],
            rank
        )
    }

    fn text(&mut self, words: usize, vocabulary: usize) -> String {
        let words: Vec<String> = (0..words).map(|_| self.word(vocabulary)).collect();
        words.join(" ")
    }
}

fn document(id: usize, title: String, text: String) -> Document {
    Arc::new(Texts {
        id: format!("note/{}", id).into(),
        texts: vec![title.into_boxed_str(), text.into_boxed_str()].into_boxed_slice(),
    })
}

fn add(index: &mut Index, documents: Vec<Document>) {
    match index.read(documents, u64::MAX, &|| false) {
        Ok(batch) => {
            index.put(batch);
        }
        Err(_) => panic!("there is no limit"),
    }
}

/// How many documents, how many words each, how many different words.
const SHAPES: [(&str, usize, usize, usize); 5] = [
    ("notes", 500, 500, 20_000),
    ("many short ones", 20_000, 8, 5_000),
    ("few long ones", 10, 50_000, 50_000),
    ("a word each", 5_000, 1, 1_000_000),
    ("always the same words", 3_000, 100, 60),
];

/// What is allocated may be this much less, or more, than what is estimated.
const LEAST: f64 = 0.6;
const MOST: f64 = 1.1;

fn check(what: &str, index: &Index, before: i64) {
    let real = (allocated() - before) as f64;
    let ratio = real / index.bytes() as f64;
    println!(
        "{}: {} bytes estimated, {} allocated ({:.2})",
        what,
        index.bytes(),
        real,
        ratio
    );
    assert!(ratio > LEAST && ratio < MOST, "{}: {}", what, ratio);
}

#[test]
fn the_estimate_is_near_what_is_allocated() {
    for (what, count, words, vocabulary) in SHAPES {
        let mut random = Random(count as u64);
        let before = allocated();
        let mut index = Index::new(2);
        let mut scores = Scores::default();
        for id in 0..count {
            let (title, text) = (random.text(3, vocabulary), random.text(words, vocabulary));
            add(&mut index, vec![document(id, title, text)]);
        }
        check(what, &index, before);

        let query = Query {
            text: "ter1 sear12".into(),
            limit: 10,
            all: false,
            prefix: true,
            fuzzy: 1.0,
            boosts: vec![1.0, 1.0],
        };
        query::run(&mut index, &Ranking::default(), &query, &mut scores);
        check(&format!("{}, after a query", what), &index, before);

        for id in (0..count).filter(|id| id % 3 != 0) {
            assert!(index.remove(&format!("note/{}", id)));
        }
        let real = (allocated() - before) as f64;
        let most = 2.0 * index.bytes() as f64 + 1_100_000.0;
        println!(
            "{}, a third: {} estimated, {} allocated",
            what,
            index.bytes(),
            real
        );
        // Lists and tables shrink late, so that removing one by one stays cheap.
        assert!(real < most * MOST, "{}", what);

        index.rebuild();
        query::run(&mut index, &Ranking::default(), &query, &mut scores);
        check(&format!("{}, built again", what), &index, before);
        drop((index, scores));
        // What the test prints is kept by the test harness until it ends, in this thread.
        assert!(
            allocated() - before < 10_000,
            "{} gives everything back",
            what
        );
    }
}

#[test]
fn reading_what_does_not_fit_leaves_nothing_behind() {
    let mut random = Random(7);
    let mut index = Index::new(2);
    add(
        &mut index,
        vec![document(0, "a".into(), random.text(100, 500))],
    );
    let (bytes, terms) = (index.bytes(), index.terms());
    let before = allocated();
    for round in 0..50 {
        let text = random.text(2000, 100_000 + round);
        let refused = index.read(vec![document(1, "b".into(), text)], bytes + 10_000, &|| {
            false
        });
        assert!(refused.is_err());
    }
    assert_eq!((index.bytes(), index.terms()), (bytes, terms));
    assert!(
        allocated() - before < 300_000,
        "{} more",
        allocated() - before
    );
}
