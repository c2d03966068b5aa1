//! A full-text index: documents by their words, ranked by BM25+.
//!
//! `src/native/modules/search/SearchIndex.ts` does the same, operation by operation, so that both
//! give the same scores to the last bit.

use super::cost;
use super::dictionary::Dictionary;
use super::pool::{List, Pool, Posting};
use super::terms::each_term;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// No index has more fields than this.
pub const MOST_FIELDS: usize = 16;

/// What a small index keeps though it does not need it is not worth the work.
const SMALL: u64 = 1 << 20;

/// A document, with its text by the number of the field; shared with those who list it.
pub type Document = Arc<Texts>;

#[derive(Debug, PartialEq, Eq)]
pub struct Texts {
    pub id: Arc<str>,
    pub texts: Box<[Box<str>]>,
}

/// What BM25+ is adjusted by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranking {
    /// How soon more of the same term stops counting.
    pub k: f64,
    /// How much the length of a field counts.
    pub b: f64,
    /// What a match counts at least.
    pub d: f64,
}

impl Default for Ranking {
    fn default() -> Ranking {
        Ranking {
            k: 1.2,
            b: 0.7,
            d: 0.5,
        }
    }
}

/// A document that has been read: its terms have numbers, with how often each occurs.
struct Read {
    document: Document,
    /// Field, term, count.
    terms: Vec<(u8, u32, u32)>,
    /// What the index will take more for it.
    bytes: u64,
}

/// Documents that have been read and can be put in.
pub struct Batch {
    reads: Vec<Read>,
    /// How long the dictionary was before.
    known: usize,
    /// What the index will take more.
    pub bytes: u64,
}

impl Batch {
    /// How many documents it holds.
    pub fn size(&self) -> usize {
        self.reads.len()
    }
}

/// Why documents have not been read.
pub enum NotRead {
    /// They take at least so many bytes, and that is too much.
    TooLarge { needed: u64 },
    /// The caller does not wait any more.
    Stopped,
}

pub struct Index {
    fields: usize,
    dictionary: Dictionary,
    pool: Pool,
    lists: Vec<List>,
    /// For each term and field: in how many documents it occurs.
    occurrences: Vec<u32>,
    /// By number; numbers grow in the order of addition.
    documents: Vec<Option<Document>>,
    /// For each document and field: how many different terms it has.
    lengths: Vec<u32>,
    numbers: HashMap<Arc<str>, u32>,
    /// For each field, over all documents.
    total_lengths: Vec<u64>,
    live_terms: usize,
    postings: usize,
    bytes: u64,
    /// The most that `bytes` has been since everything was built.
    most_bytes: u64,
    /// How often each term has been seen in what is being read; all zero between calls.
    counts: Vec<u32>,
}

impl Index {
    pub fn new(fields: usize) -> Index {
        Index {
            fields,
            dictionary: Dictionary::new(),
            pool: Pool::new(),
            lists: Vec::new(),
            occurrences: Vec::new(),
            documents: Vec::new(),
            lengths: Vec::new(),
            numbers: HashMap::new(),
            total_lengths: vec![0; fields],
            live_terms: 0,
            postings: 0,
            bytes: 0,
            most_bytes: 0,
            counts: Vec::new(),
        }
    }

    /// How many documents there are.
    pub fn size(&self) -> usize {
        self.numbers.len()
    }
    pub fn terms(&self) -> usize {
        self.live_terms
    }
    pub fn postings(&self) -> usize {
        self.postings
    }
    /// What the documents and the index take, by the figures of `cost`.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    /// In the order of addition.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter().flatten()
    }
    pub(super) fn fields(&self) -> usize {
        self.fields
    }
    /// The document of a number.
    pub fn at(&self, number: u32) -> Option<&Document> {
        self.documents.get(number as usize)?.as_ref()
    }
    /// How many numbers have been given to documents.
    pub(super) fn numbers(&self) -> usize {
        self.documents.len()
    }
    pub(super) fn length(&self, document: u32, field: usize) -> u32 {
        self.lengths[document as usize * self.fields + field]
    }
    pub(super) fn average_length(&self, field: usize) -> f64 {
        self.total_lengths[field] as f64 / self.size() as f64
    }
    /// `beginning_with` needs it.
    pub(super) fn sort_terms(&mut self) {
        self.dictionary.sort();
    }
    pub(super) fn find(&self, term: &str) -> Option<u32> {
        self.dictionary.find(term)
    }
    pub(super) fn beginning_with(&self, prefix: &str) -> &[u32] {
        self.dictionary.beginning_with(prefix)
    }
    pub(super) fn like(&self, term: &str, most: usize) -> Vec<(u32, usize)> {
        self.dictionary.like(term, most)
    }
    pub(super) fn term_length(&self, number: u32) -> usize {
        self.dictionary.length(number)
    }
    pub(super) fn term(&self, number: u32) -> &str {
        self.dictionary.term(number)
    }
    pub(super) fn postings_of(&self, term: u32) -> &[Posting] {
        self.pool.of(self.lists[term as usize])
    }
    pub(super) fn occurrences(&self, term: u32, field: usize) -> u32 {
        self.occurrences[term as usize * self.fields + field]
    }

    /// Reads documents, whose names have to be different, as long as what the index will take
    /// stays below `most`. The batch has to be put in or forgotten before anything else happens.
    pub fn read(
        &mut self,
        documents: Vec<Document>,
        most: u64,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Batch, NotRead> {
        let known = self.dictionary.len();
        let mut batch = Batch {
            reads: Vec::with_capacity(documents.len()),
            known,
            bytes: 0,
        };
        let mut fresh: HashSet<u32> = HashSet::new();
        let mut freed = 0;
        for document in documents {
            if is_stopped() {
                self.dictionary.truncate(known);
                return Err(NotRead::Stopped);
            }
            let mut bytes = cost::document(&document);
            if let Some(number) = self.numbers.get(&document.id) {
                freed += self.cost_of(*number);
            }
            let terms = self.read_terms(&document);
            for (_, term, _) in &terms {
                let is_new = self.lists.get(*term as usize).map_or(true, List::is_empty);
                if is_new && fresh.insert(*term) {
                    bytes += cost::term(self.dictionary.term(*term), self.fields);
                }
            }
            bytes += cost::postings(terms.len());
            batch.bytes += bytes;
            batch.reads.push(Read {
                document,
                terms,
                bytes,
            });
            let after = self.bytes + batch.bytes - freed.min(self.bytes);
            if after > most {
                self.dictionary.truncate(known);
                return Err(NotRead::TooLarge {
                    needed: batch.bytes,
                });
            }
        }
        Ok(batch)
    }

    /// Undoes `read`; gives back the documents, each with what the index would take for it.
    pub fn forget(&mut self, batch: Batch) -> Vec<(Document, u64)> {
        self.dictionary.truncate(batch.known);
        let reads = batch.reads.into_iter();
        reads.map(|read| (read.document, read.bytes)).collect()
    }

    /// Puts a batch in, and says how many documents took the place of others.
    pub fn put(&mut self, batch: Batch) -> usize {
        let mut replaced = 0;
        // All of them first: tidying up gives terms other numbers, and these are in the batch.
        for read in &batch.reads {
            replaced += usize::from(self.take_out(&read.document.id));
        }
        let terms = self.dictionary.len();
        super::grow(&mut self.lists, terms);
        self.lists.resize(terms, List::EMPTY);
        super::grow(&mut self.occurrences, terms * self.fields);
        self.occurrences.resize(terms * self.fields, 0);
        for read in batch.reads {
            self.put_one(read);
        }
        self.tidy_up();
        replaced
    }

    fn put_one(&mut self, read: Read) {
        let number = self.documents.len() as u32;
        self.bytes += cost::document(&read.document) + cost::postings(read.terms.len());
        self.postings += read.terms.len();
        let needed = self.lengths.len() + self.fields;
        super::grow(&mut self.lengths, needed);
        self.lengths.resize(needed, 0);
        for (field, term, count) in &read.terms {
            let (field, at) = (*field as usize, *term as usize);
            if self.lists[at].is_empty() {
                self.live_terms += 1;
                self.bytes += cost::term(self.dictionary.term(*term), self.fields);
            }
            self.pool
                .push(&mut self.lists[at], Posting::new(number, field, *count));
            self.occurrences[at * self.fields + field] += 1;
            self.lengths[number as usize * self.fields + field] += 1;
            self.total_lengths[field] += 1;
        }
        self.numbers.insert(read.document.id.clone(), number);
        let needed = self.documents.len() + 1;
        super::grow(&mut self.documents, needed);
        self.documents.push(Some(read.document));
    }

    /// Removes a document and says whether it was there.
    pub fn remove(&mut self, id: &str) -> bool {
        let removed = self.take_out(id);
        self.tidy_up();
        removed
    }

    fn take_out(&mut self, id: &str) -> bool {
        let number = match self.numbers.remove(id) {
            Some(number) => number,
            None => return false,
        };
        let document = match self.documents[number as usize].take() {
            Some(document) => document,
            None => return false,
        };
        let terms = self.read_terms(&document);
        self.bytes -= cost::document(&document) + cost::postings(terms.len());
        self.postings -= terms.len();
        for (field, term, _) in terms {
            let (field, at) = (field as usize, term as usize);
            self.pool.remove(&mut self.lists[at], number, field);
            self.occurrences[at * self.fields + field] -= 1;
            self.total_lengths[field] -= 1;
            if self.lists[at].is_empty() {
                self.live_terms -= 1;
                self.bytes -= cost::term(self.dictionary.term(term), self.fields);
            }
        }
        true
    }

    /// Builds the index anew when much of it belongs to what is no longer there.
    fn tidy_up(&mut self) {
        let dead_terms = self.dictionary.len() - self.live_terms;
        let dead_documents = self.documents.len() - self.size();
        self.most_bytes = self.most_bytes.max(self.bytes);
        if dead_terms > 256 + self.live_terms / 4
            || dead_documents > 256 + self.size()
            || self.most_bytes > SMALL + 2 * self.bytes
        {
            self.rebuild();
        }
    }

    /// Builds everything again from the documents.
    pub fn rebuild(&mut self) {
        let documents = std::mem::take(&mut self.documents);
        *self = Index::of(self.fields, documents.into_iter().flatten());
    }

    /// An index of documents whose names are different.
    pub fn of(fields: usize, documents: impl Iterator<Item = Document>) -> Index {
        let mut index = Index::new(fields);
        for document in documents {
            if let Ok(batch) = index.read(vec![document], u64::MAX, &|| false) {
                index.put(batch);
            }
        }
        index
    }

    /// What removing a document frees at least.
    fn cost_of(&self, number: u32) -> u64 {
        let fields = number as usize * self.fields..(number as usize + 1) * self.fields;
        let postings: u32 = self.lengths[fields].iter().sum();
        self.at(number).map_or(0, cost::document) + cost::postings(postings as usize)
    }

    /// The different terms of a document, by field, each with how often it occurs.
    fn read_terms(&mut self, document: &Document) -> Vec<(u8, u32, u32)> {
        let (dictionary, counts) = (&mut self.dictionary, &mut self.counts);
        let mut terms: Vec<(u8, u32, u32)> = Vec::new();
        for (field, text) in document.texts.iter().enumerate() {
            let first = terms.len();
            each_term(text, |term| {
                let number = dictionary.number(term);
                let at = number as usize;
                if at >= counts.len() {
                    super::grow(counts, at + 1);
                    counts.resize(at + 1, 0);
                }
                if counts[at] == 0 {
                    terms.push((field as u8, number, 0));
                }
                counts[at] = counts[at].saturating_add(1);
            });
            for (_, term, count) in &mut terms[first..] {
                *count = std::mem::take(&mut counts[*term as usize]);
            }
        }
        terms
    }
}
