//! Finding and ranking: the same as minisearch does, with the same parameters.

use super::dictionary::MOST_EDITS;
use super::index::{Index, Ranking};
use super::number::ln;
use super::terms::terms_of;

const PREFIX_WEIGHT: f64 = 0.375;
const FUZZY_WEIGHT: f64 = 0.45;

/// A question to an index.
#[derive(Debug, Clone)]
pub struct Query {
    pub text: String,
    pub limit: usize,
    /// Documents have to have all terms.
    pub all: bool,
    pub prefix: bool,
    pub fuzzy: f64,
    /// What each field counts; zero leaves it out.
    pub boosts: Vec<f64>,
}

/// What was found: the best first, and how many there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The number of a document and its score.
    pub hits: Vec<(u32, f64)>,
    pub total: usize,
}

/// What is known about each document while a query runs; it is kept for the next one.
#[derive(Default)]
pub struct Scores {
    documents: Vec<Score>,
    /// Those that the term at hand matches.
    partial: Vec<u32>,
    found: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Score {
    /// Of the terms that are done.
    total: f64,
    /// Of the term at hand.
    part: f64,
    in_part: bool,
    /// How many terms have matched, and how many different ones.
    matched: u32,
    different: u32,
}

const NONE: Score = Score {
    total: 0.0,
    part: 0.0,
    in_part: false,
    matched: 0,
    different: 0,
};

pub fn run(index: &mut Index, ranking: &Ranking, query: &Query, scores: &mut Scores) -> Found {
    let terms = terms_of(&query.text);
    let size = index.numbers();
    if scores.documents.capacity() > 1024 + 2 * size {
        scores.documents = Vec::new();
    }
    super::grow(&mut scores.documents, size);
    scores.documents.resize(size, NONE);
    if query.prefix {
        index.sort_terms();
    }
    for (position, term) in terms.iter().enumerate() {
        let is_new = !terms[..position].contains(term);
        score_term(index, ranking, query, term, scores);
        combine(scores, query.all, position as u32, is_new);
    }
    let needed = if query.all { terms.len() as u32 } else { 1 };
    let mut hits = Vec::with_capacity(scores.found.len());
    for document in scores.found.drain(..) {
        let score = std::mem::replace(&mut scores.documents[document as usize], NONE);
        if score.matched >= needed {
            hits.push((document, score.total * f64::from(score.different)));
        }
    }
    let total = hits.len();
    let better = |a: &(u32, f64), b: &(u32, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if query.limit < hits.len() {
        if query.limit > 0 {
            hits.select_nth_unstable_by(query.limit - 1, better);
        }
        hits.truncate(query.limit);
    }
    hits.sort_unstable_by(better);
    Found { hits, total }
}

/// Scores one term of a query, and those that are like it.
fn score_term(index: &Index, ranking: &Ranking, query: &Query, term: &str, scores: &mut Scores) {
    if let Some(number) = index.find(term) {
        score_postings(index, ranking, query, number, 1.0, scores);
    }
    let length = term.chars().count();
    if query.prefix {
        for number in index.beginning_with(term) {
            let other = index.term_length(*number);
            if other > length {
                let other = other as f64;
                let distance = other - length as f64;
                let weight = PREFIX_WEIGHT * other / (other + 0.3 * distance);
                score_postings(index, ranking, query, *number, weight, scores);
            }
        }
    }
    let most = edits_allowed(query.fuzzy, length);
    if most > 0 {
        for (number, edits) in index.like(term, most) {
            // What begins like the term has counted already.
            if edits > 0 && !(query.prefix && index.term(number).starts_with(term)) {
                let other = index.term_length(number) as f64;
                let weight = FUZZY_WEIGHT * other / (other + edits as f64);
                score_postings(index, ranking, query, number, weight, scores);
            }
        }
    }
}

fn edits_allowed(fuzzy: f64, length: usize) -> usize {
    let most = if fuzzy < 1.0 {
        (length as f64 * fuzzy + 0.5).floor()
    } else {
        fuzzy.floor()
    };
    if most > 0.0 {
        most.min(f64::from(MOST_EDITS)) as usize
    } else {
        0
    }
}

fn score_postings(
    index: &Index,
    ranking: &Ranking,
    query: &Query,
    term: u32,
    weight: f64,
    scores: &mut Scores,
) {
    let &Ranking { k, b, d } = ranking;
    let all = index.size() as f64;
    let mut weights = [0.0; super::index::MOST_FIELDS];
    let mut rarities = [0.0; super::index::MOST_FIELDS];
    let mut averages = [0.0; super::index::MOST_FIELDS];
    for field in 0..index.fields() {
        let matching = f64::from(index.occurrences(term, field));
        weights[field] = weight * query.boosts[field];
        rarities[field] = ln(1.0 + (all - matching + 0.5) / (matching + 0.5));
        averages[field] = index.average_length(field);
    }
    for posting in index.postings_of(term) {
        let field = posting.field();
        if weights[field] == 0.0 {
            continue;
        }
        let count = f64::from(posting.count());
        let length = f64::from(index.length(posting.document, field));
        let long = k * (1.0 - b + b * length / averages[field]);
        let score = weights[field] * (rarities[field] * (d + count * (k + 1.0) / (count + long)));
        let known = &mut scores.documents[posting.document as usize];
        if known.in_part {
            known.part += score;
        } else {
            known.in_part = true;
            known.part = score;
            scores.partial.push(posting.document);
        }
    }
}

/// Adds what one term has found to what those before it have.
fn combine(scores: &mut Scores, all: bool, position: u32, is_new: bool) {
    for document in scores.partial.drain(..) {
        let score = &mut scores.documents[document as usize];
        score.in_part = false;
        if all && score.matched != position {
            continue;
        }
        if score.matched == 0 {
            scores.found.push(document);
            score.total = score.part;
        } else {
            score.total += score.part;
        }
        score.matched += 1;
        score.different += u32::from(is_new);
    }
}
