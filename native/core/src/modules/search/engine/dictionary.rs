//! The terms of an index: which number each has, and which are like a given one.

use super::grow;
use super::terms::LONGEST_TERM;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

const EMPTY: u32 = u32::MAX;

/// Terms that differ by more are never alike.
pub const MOST_EDITS: i32 = 6;

pub struct Dictionary {
    text: String,
    /// Where the text of each term begins; one more than there are terms.
    starts: Vec<u32>,
    /// A hash table with numbers of terms. What it is seeded with is random: texts come from outside.
    slots: Vec<u32>,
    seed: RandomState,
    /// Numbers of terms by their text; those after its end are not sorted in yet.
    sorted: Vec<u32>,
    /// What each term looks like.
    shapes: Vec<Shape>,
}

/// How long a term is, and which characters it has: a bit for each, shared by several characters.
/// That is enough to pass over nearly all terms which are not like a given one.
#[derive(Clone, Copy)]
struct Shape(u32);

const LENGTH: u32 = 26;

impl Shape {
    fn of(term: &str) -> Shape {
        let mut shape = 0;
        let mut length = 0;
        for character in term.chars() {
            shape |= 1 << ((character as u32).wrapping_sub('a' as u32) % LENGTH);
            length += 1;
        }
        Shape(shape | (length << LENGTH))
    }

    fn length(self) -> usize {
        (self.0 >> LENGTH) as usize
    }
}

/// Calls `found` with the number of each shape to which so many edits may lead: an edit takes away
/// at most one character and brings at most one. A block at a time, without branches, so that the
/// compiler can compare several at once.
fn each_near<const MOST: i32>(shapes: &[Shape], wanted: Shape, mut found: impl FnMut(u32)) {
    const BLOCK: usize = 32;
    let mask = (1 << LENGTH) - 1;
    let length = (wanted.0 >> LENGTH) as i32;
    for (number, block) in shapes.chunks(BLOCK).enumerate() {
        let mut far = [1; BLOCK];
        let mut nearest = u32::MAX;
        for (far, shape) in far.iter_mut().zip(block) {
            let mut lost = wanted.0 & !shape.0 & mask;
            let mut won = shape.0 & !wanted.0 & mask;
            for _ in 0..MOST {
                lost &= lost.wrapping_sub(1);
                won &= won.wrapping_sub(1);
            }
            let longer = (shape.0 >> LENGTH) as i32 - length + MOST;
            *far = lost | won | ((longer | (2 * MOST - longer)) as u32 >> 31);
            nearest = nearest.min(*far);
        }
        if nearest == 0 {
            for (i, _) in far.iter().enumerate().filter(|(_, far)| **far == 0) {
                found((number * BLOCK + i) as u32);
            }
        }
    }
}

impl Dictionary {
    pub fn new() -> Dictionary {
        Dictionary {
            text: String::new(),
            starts: vec![0],
            slots: Vec::new(),
            seed: RandomState::new(),
            sorted: Vec::new(),
            shapes: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    pub fn term(&self, number: u32) -> &str {
        let at = number as usize;
        &self.text[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// How many characters a term has.
    pub fn length(&self, number: u32) -> usize {
        self.shapes[number as usize].length()
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
        let needed = self.shapes.len() + 1;
        grow(&mut self.shapes, needed);
        self.shapes.push(Shape::of(term));
        number
    }

    /// Forgets all terms from a number on.
    pub fn truncate(&mut self, len: usize) {
        if len == self.len() {
            return;
        }
        self.starts.truncate(len + 1);
        self.shapes.truncate(len);
        self.text.truncate(self.starts[len] as usize);
        if self.sorted.len() > len {
            self.sorted.clear();
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

    /// Sorts in what has come since the last time; `beginning_with` needs it.
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
        self.sorted = merged;
    }

    /// The terms that begin with another, which may be one of them, by their text.
    pub fn beginning_with(&self, prefix: &str) -> &[u32] {
        let first = self
            .sorted
            .partition_point(|number| self.term(*number) < prefix);
        let rest = &self.sorted[first..];
        let count = rest.partition_point(|number| self.term(*number).starts_with(prefix));
        &rest[..count]
    }

    /// The terms that differ from another by at most so many edits, by their text, with how many.
    pub fn like(&self, term: &str, most: usize) -> Vec<(u32, usize)> {
        let most = most.min(MOST_EDITS as usize);
        let shape = Shape::of(term);
        let wanted: Vec<char> = term.chars().collect();
        let mut found = Vec::new();
        let consider = |number| {
            let edits = edits_between(&wanted, self.term(number), most);
            if edits <= most {
                found.push((number, edits));
            }
        };
        match most {
            0 => each_near::<0>(&self.shapes, shape, consider),
            1 => each_near::<1>(&self.shapes, shape, consider),
            2 => each_near::<2>(&self.shapes, shape, consider),
            3 => each_near::<3>(&self.shapes, shape, consider),
            _ => each_near::<MOST_EDITS>(&self.shapes, shape, consider),
        }
        found.sort_unstable_by(|(a, _), (b, _)| self.term(*a).cmp(self.term(*b)));
        found
    }
}

/// How many edits lead from one term to another, or more than `most` if it is more than that.
fn edits_between(wanted: &[char], term: &str, most: usize) -> usize {
    let far = (most + 1) as u8;
    // Edits between the characters of the term so far and the first ones of the wanted term.
    let mut row = [far; LONGEST_TERM + 1];
    for (column, cell) in row.iter_mut().enumerate().take(most.min(wanted.len()) + 1) {
        *cell = column as u8;
    }
    for (before, character) in term.chars().enumerate() {
        // Further from the diagonal than `most`, everything is too far.
        let first = (before + 1).saturating_sub(most).max(1);
        let last = wanted.len().min(before + 1 + most);
        if before + 1 > wanted.len() + most {
            return most + 1;
        }
        let mut corner = row[first - 1];
        row[first - 1] = if first == 1 {
            far.min(before as u8 + 1)
        } else {
            far
        };
        let mut least = row[first - 1];
        for column in first..=last {
            let replaced = corner + u8::from(wanted[column - 1] != character);
            corner = row[column];
            let edits = replaced.min(corner + 1).min(row[column - 1] + 1).min(far);
            row[column] = edits;
            least = least.min(edits);
        }
        if least == far {
            return most + 1;
        }
    }
    usize::from(row[wanted.len()])
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
