//! Where postings live: one piece of memory for the lists of all terms.
//!
//! A list lies in one block, whose size is the power of two that holds it. A list that outgrows its
//! block moves to one of the next size, and leaves the old one to others.

const NOTHING: u32 = u32::MAX;
const FIELD_SHIFT: u32 = 27;

/// How often a term occurs in one field of one document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posting {
    pub document: u32,
    field_and_count: u32,
}

impl Posting {
    pub const MOST: u32 = (1 << FIELD_SHIFT) - 1;

    pub fn new(document: u32, field: usize, count: u32) -> Posting {
        Posting {
            document,
            field_and_count: (field as u32) << FIELD_SHIFT | count.min(Posting::MOST),
        }
    }
    pub fn field(self) -> usize {
        (self.field_and_count >> FIELD_SHIFT) as usize
    }
    pub fn count(self) -> u32 {
        self.field_and_count & Posting::MOST
    }
}

/// The postings of one term, ordered by document and field.
#[derive(Debug, Clone, Copy)]
pub struct List {
    start: u32,
    len: u32,
}

impl List {
    pub const EMPTY: List = List { start: 0, len: 0 };

    #[cfg(test)]
    fn len(&self) -> usize {
        self.len as usize
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

pub struct Pool {
    postings: Vec<Posting>,
    /// The first unused block of each size; its first posting says which the next one is.
    unused: [u32; 32],
}

impl Pool {
    pub fn new() -> Pool {
        Pool {
            postings: Vec::new(),
            unused: [NOTHING; 32],
        }
    }

    pub fn of(&self, list: List) -> &[Posting] {
        &self.postings[list.start as usize..(list.start + list.len) as usize]
    }

    /// Adds a posting to the end of a list.
    pub fn push(&mut self, list: &mut List, posting: Posting) {
        let len = list.len;
        if len == 0 {
            list.start = self.take(0);
        } else if len.is_power_of_two() {
            self.resize(list, len.trailing_zeros(), len.trailing_zeros() + 1);
        }
        self.postings[(list.start + len) as usize] = posting;
        list.len = len + 1;
    }

    /// Removes a posting from a list and says whether it was there.
    pub fn remove(&mut self, list: &mut List, document: u32, field: usize) -> bool {
        let (start, end) = (list.start as usize, (list.start + list.len) as usize);
        let within = &self.postings[start..end];
        let first = within.partition_point(|one| (one.document, one.field()) < (document, field));
        match within.get(first) {
            Some(one) if one.document == document && one.field() == field => {}
            _ => return false,
        }
        self.postings
            .copy_within(start + first + 1..end, start + first);
        list.len -= 1;
        if list.len == 0 {
            self.give_back(list.start, 0);
        } else if list.len.is_power_of_two() {
            let size = list.len.trailing_zeros();
            self.resize(list, size + 1, size);
        }
        true
    }

    fn resize(&mut self, list: &mut List, from: u32, to: u32) {
        let start = self.take(to);
        let (old, len) = (list.start as usize, list.len as usize);
        self.postings.copy_within(old..old + len, start as usize);
        self.give_back(list.start, from);
        list.start = start;
    }

    fn take(&mut self, size: u32) -> u32 {
        let block = self.unused[size as usize];
        if block != NOTHING {
            self.unused[size as usize] = self.postings[block as usize].document;
            return block;
        }
        let start = self.postings.len();
        let needed = start + (1 << size);
        super::grow(&mut self.postings, needed);
        self.postings.resize(needed, Posting::new(0, 0, 0));
        start as u32
    }

    fn give_back(&mut self, block: u32, size: u32) {
        self.postings[block as usize].document = self.unused[size as usize];
        self.unused[size as usize] = block;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_grow_and_shrink_beside_each_other() {
        let mut pool = Pool::new();
        let mut lists = [List::EMPTY; 7];
        let mut wanted: Vec<Vec<(u32, usize)>> = vec![Vec::new(); 7];
        let mut random = 1u32;
        for document in 0..3000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let which = (random >> 24) as usize % 7;
            pool.push(&mut lists[which], Posting::new(document, 1, document + 1));
            wanted[which].push((document, 1));
            if random % 3 == 0 {
                let other = (random >> 16) as usize % 7;
                let at = (random >> 8) as usize % wanted[other].len().max(1);
                if let Some((document, field)) = wanted[other].get(at).copied() {
                    assert!(pool.remove(&mut lists[other], document, field));
                    assert!(!pool.remove(&mut lists[other], document, field));
                    wanted[other].remove(at);
                }
            }
        }
        for (list, wanted) in lists.iter().zip(&wanted) {
            let found: Vec<_> = pool
                .of(*list)
                .iter()
                .map(|one| (one.document, one.field()))
                .collect();
            assert_eq!(&found, wanted);
            assert!(pool
                .of(*list)
                .iter()
                .all(|one| one.count() == one.document + 1));
        }
        let held: usize = lists
            .iter()
            .map(|list| list.len().next_power_of_two())
            .sum();
        assert!(pool.postings.len() < held * 3, "blocks are used again");
    }
}
