//! What things take, in bytes: estimates that do not depend on what happened before, and are the
//! same in both languages. A test compares them with what is really allocated.

use super::index::Document;

const DOCUMENT: u64 = 200;
const FIELD: u64 = 20;
const TERM: u64 = 36;
const TERM_FIELD: u64 = 5;
const POSTING: u64 = 18;

/// A document, without what the index takes for it.
pub fn document(document: &Document) -> u64 {
    let texts: usize = document.texts.iter().map(|text| text.len()).sum();
    DOCUMENT + FIELD * document.texts.len() as u64 + (document.id.len() + texts) as u64
}

/// A term that occurs somewhere.
pub fn term(term: &str, fields: usize) -> u64 {
    TERM + TERM_FIELD * fields as u64 + term.len() as u64
}

/// Occurrences of terms in fields of documents.
pub fn postings(count: usize) -> u64 {
    POSTING * count as u64
}
