//! The terms of an index: which number each has, and which are like a given one.

use super::grow;
use super::terms::LONGEST_TERM;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

const EMPTY: u32 = u32::MAX;

pub struct Dictionary {
    text: String,
    /// Where the text of each term begins; one more than there are terms.
    starts: Vec<u32>,
    /// A hash table with numbers of terms. What it is seeded with is random: texts come from outside.
    slots: Vec<u32>,
    seed: RandomState,
    /// Numbers of terms by their text; those after its end are not sorted in yet.
    sorted: Vec<u32>,
    /// How many characters each has in common with the one before.
    common: Vec<u8>,
}

impl Dictionary {
    pub fn new() -> Dictionary {
        Dictionary {
            text: String::new(),
            starts: vec![0],
            slots: Vec::new(),
            seed: RandomState::new(),
            sorted: Vec::new(),
            common: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub fn term(&self, number: u32) -> &str {
        let at = number as usize;
        &self.text[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The number of a term.
    pub fn find(&self, term: &str) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        match self.slots[self.slot_of(term)] {
            EMPTY => None,
            number => Some(number),
        }
    }

    /// The number of a term, which is a new one when there was none.
    pub fn number(&mut self, term: &str) -> u32 {
        if (self.len() + 1) * 4 > self.slots.len() * 3 {
            let size = (self.slots.len() * 2).max(64);
            self.fill_slots(size);
        }
        let slot = self.slot_of(term);
        if self.slots[slot] != EMPTY {
            return self.slots[slot];
        }
        let number = self.len() as u32;
        self.slots[slot] = number;
        let needed = self.text.len() + term.len();
        if needed > self.text.capacity() {
            let size = super::capacity_for(self.text.capacity(), needed);
            self.text.reserve_exact(size - self.text.len());
        }
        self.text.push_str(term);
        let needed = self.starts.len() + 1;
        grow(&mut self.starts, needed);
        self.starts.push(self.text.len() as u32);
        number
    }

    /// Forgets all terms from a number on.
    pub fn truncate(&mut self, len: usize) {
        if len == self.len() {
            return;
        }
        self.starts.truncate(len + 1);
        self.text.truncate(self.starts[len] as usize);
        if self.sorted.len() > len {
            self.sorted.clear();
            self.common.clear();
        }
        let size = self.slots.len();
        self.fill_slots(size);
    }

    fn slot_of(&self, term: &str) -> usize {
        let mut hasher = self.seed.build_hasher();
        hasher.write(term.as_bytes());
        let mask = self.slots.len() - 1;
        let mut slot = hasher.finish() as usize & mask;
        loop {
            let number = self.slots[slot];
            if number == EMPTY || self.term(number) == term {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn fill_slots(&mut self, size: usize) {
        self.slots = vec![EMPTY; size];
        for number in 0..self.len() as u32 {
            let slot = self.slot_of(self.term(number));
            self.slots[slot] = number;
        }
    }

    /// Sorts in what has come since the last time; `beginning_with` and `like` need it.
    pub fn sort(&mut self) {
        let known = self.sorted.len();
        if known == self.len() {
            return;
        }
        let mut fresh: Vec<u32> = (known as u32..self.len() as u32).collect();
        fresh.sort_unstable_by(|a, b| self.term(*a).cmp(self.term(*b)));
        let mut merged = Vec::with_capacity(self.len());
        let (mut old, mut new) = (self.sorted.iter().peekable(), fresh.iter().peekable());
        while let (Some(a), Some(b)) = (old.peek(), new.peek()) {
            let next = if self.term(**a) < self.term(**b) {
                old.next()
            } else {
                new.next()
            };
            merged.extend(next);
        }
        merged.extend(old);
        merged.extend(new);
        let mut common = Vec::with_capacity(merged.len());
        let mut before = "";
        for number in &merged {
            let term = self.term(*number);
            let same = term
                .chars()
                .zip(before.chars())
                .take_while(|(a, b)| a == b)
                .count();
            common.push(same as u8);
            before = term;
        }
        self.sorted = merged;
        self.common = common;
    }

    /// The terms that begin with another, which may be one of them, by their text.
    pub fn beginning_with(&self, prefix: &str) -> &[u32] {
        let first = self
            .sorted
            .partition_point(|number| self.term(*number) < prefix);
        match self.sorted.get(first) {
            Some(number) if self.term(*number).starts_with(prefix) => {}
            _ => return &[],
        }
        let length = prefix.chars().count();
        let rest = &self.common[first + 1..];
        let more = rest
            .iter()
            .take_while(|common| **common as usize >= length)
            .count();
        &self.sorted[first..first + 1 + more]
    }

    /// The terms that differ from another by at most so many edits, by their text, with how many.
    pub fn like(&self, term: &str, most: usize) -> Vec<(u32, usize)> {
        let wanted: Vec<char> = term.chars().collect();
        let width = wanted.len() + 2;
        let far = (most + 1) as u8;
        // Row r: edits between the first r characters of a term and those of the wanted one.
        let mut rows = vec![far; (LONGEST_TERM + 1) * width];
        for (column, cell) in rows.iter_mut().enumerate().take(most.min(wanted.len()) + 1) {
            *cell = column as u8;
        }
        let mut found = Vec::new();
        // How many rows fit the term before; a term has those in common with it that `common` says.
        let mut known = 0;
        let mut at = 0;
        while at < self.sorted.len() {
            known = known.min(self.common[at] as usize);
            let number = self.sorted[at];
            at += 1;
            let mut length = known;
            let mut hopeless = false;
            for character in self.term(number).chars().skip(known) {
                length += 1;
                if !next_row(&mut rows, width, length, character, &wanted, most) {
                    hopeless = true;
                    break;
                }
            }
            known = length;
            if hopeless {
                while at < self.sorted.len() && self.common[at] as usize >= length {
                    at += 1;
                }
            } else if length + most >= wanted.len() && wanted.len() + most >= length {
                let edits = rows[length * width + wanted.len()] as usize;
                if edits <= most {
                    found.push((number, edits));
                }
            }
        }
        found
    }
}

/// Fills one row of the table of edits, and says whether it holds something near enough.
fn next_row(
    rows: &mut [u8],
    width: usize,
    row: usize,
    character: char,
    wanted: &[char],
    most: usize,
) -> bool {
    let (before, rest) = rows.split_at_mut(row * width);
    let before = &before[(row - 1) * width..];
    let current = &mut rest[..width];
    let far = (most + 1) as u8;
    let first = row.saturating_sub(most).max(1);
    let last = wanted.len().min(row + most);
    current[first - 1] = if first == 1 { far.min(row as u8) } else { far };
    let mut least = current[first - 1];
    for column in first..=last {
        let replaced = before[column - 1] + u8::from(wanted[column - 1] != character);
        let added = before[column] + 1;
        let left_out = current[column - 1] + 1;
        let edits = replaced.min(added).min(left_out).min(far);
        current[column] = edits;
        least = least.min(edits);
    }
    if last + 1 < width {
        current[last + 1] = far;
    }
    least as usize <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(count: usize) -> Vec<String> {
        let mut random = 7u64;
        (0..count)
            .map(|_| {
                let mut word = String::new();
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                for shift in 0..(2 + (random >> 60) % 6) {
                    word.push(['a', 'b', 'c', 'é', '東'][(random >> (8 * shift + 4)) as usize % 5]);
                }
                word
            })
            .collect()
    }

    fn edits(a: &str, b: &str) -> usize {
        let b: Vec<char> = b.chars().collect();
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.chars().enumerate() {
            let mut corner = row[0];
            row[0] = i + 1;
            for j in 0..b.len() {
                let cell = (corner + usize::from(x != b[j]))
                    .min(row[j] + 1)
                    .min(row[j + 1] + 1);
                corner = row[j + 1];
                row[j + 1] = cell;
            }
        }
        row[b.len()]
    }

    #[test]
    fn prefixes_and_likeness_are_what_comparing_each_term_says() {
        let mut dictionary = Dictionary::new();
        let all = words(400);
        for (i, word) in all.iter().enumerate() {
            let number = dictionary.number(word);
            assert_eq!(dictionary.term(number), word);
            assert_eq!(dictionary.number(word), number);
            if i % 97 == 0 {
                dictionary.sort();
            }
        }
        dictionary.sort();
        let mut texts: Vec<&str> = (0..dictionary.len() as u32)
            .map(|n| dictionary.term(n))
            .collect();
        texts.sort_unstable();
        for word in all
            .iter()
            .take(100)
            .map(String::as_str)
            .chain(["", "zz", "bcdefgh"])
        {
            let found: Vec<&str> = dictionary
                .beginning_with(word)
                .iter()
                .map(|n| dictionary.term(*n))
                .collect();
            let wanted: Vec<&str> = texts
                .iter()
                .copied()
                .filter(|text| text.starts_with(word))
                .collect();
            assert_eq!(found, wanted);
            for most in 0..5 {
                let found: Vec<_> = dictionary
                    .like(word, most)
                    .iter()
                    .map(|(n, e)| (dictionary.term(*n), *e))
                    .collect();
                let wanted: Vec<_> = texts
                    .iter()
                    .map(|text| (*text, edits(text, word)))
                    .filter(|(_, e)| *e <= most)
                    .collect();
                assert_eq!(found, wanted, "{} {}", word, most);
            }
        }
    }

    #[test]
    fn what_is_forgotten_can_come_again() {
        let mut dictionary = Dictionary::new();
        let all = words(300);
        for word in &all {
            dictionary.number(word);
        }
        dictionary.sort();
        let known = dictionary.len();
        dictionary.number("later");
        dictionary.truncate(known);
        assert_eq!(dictionary.find("later"), None);
        dictionary.truncate(5);
        for number in 0..5 {
            assert_eq!(dictionary.find(dictionary.term(number)), Some(number));
        }
        assert_eq!(dictionary.number("later"), 5);
        dictionary.sort();
        assert_eq!(dictionary.beginning_with("lat").len(), 1);
    }
}
