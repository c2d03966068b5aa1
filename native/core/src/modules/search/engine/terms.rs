//! How text is cut into terms; `src/native/modules/search/terms.ts` does exactly the same.
//!
//! A term is a run of letters, digits and marks, in lower case and without accents. Characters of
//! scripts that are written without spaces between words (Han, Hiragana, Katakana) are terms of
//! their own. A term ends after 63 characters; the rest of such a word is left out.

use super::tables::{CLASSES, FOLDS};

/// No term has more characters than this.
pub const LONGEST_TERM: usize = 63;

const SEPARATOR: u32 = 0;
const SINGLE: u32 = 2;
const IGNORED: u32 = 3;

fn class_of(code: u32) -> u32 {
    let (mut low, mut high) = (0, CLASSES.len() / 3);
    while low < high {
        let middle = (low + high) / 2;
        let run = &CLASSES[middle * 3..middle * 3 + 3];
        if code < run[0] {
            high = middle;
        } else if code > run[1] {
            low = middle + 1;
        } else {
            return run[2];
        }
    }
    SEPARATOR
}

fn fold(character: char) -> char {
    let code = character as i32;
    let (mut low, mut high) = (0, FOLDS.len() / 4);
    while low < high {
        let middle = (low + high) / 2;
        let run = &FOLDS[middle * 4..middle * 4 + 4];
        if code < run[0] {
            high = middle;
        } else if code > run[1] {
            low = middle + 1;
        } else if (code - run[0]) % run[2] == 0 {
            return char::from_u32((code + run[3]) as u32).unwrap_or(character);
        } else {
            return character;
        }
    }
    character
}

/// Calls `found` with each term of `text`, in order.
pub fn each_term(text: &str, mut found: impl FnMut(&str)) {
    let bytes = text.as_bytes();
    let mut buffer = String::with_capacity(LONGEST_TERM);
    let mut at = 0;
    while at < bytes.len() {
        // Most words are ASCII, and in lower case already.
        let start = at;
        let mut capitals = false;
        while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
            capitals |= bytes[at].is_ascii_uppercase();
            at += 1;
        }
        if at < bytes.len() && !bytes[at].is_ascii() {
            at = slow_word(text, start, &mut buffer, &mut found);
            continue;
        }
        if at > start {
            let word = &text[start..at.min(start + LONGEST_TERM)];
            if capitals {
                buffer.clear();
                buffer.push_str(word);
                buffer.make_ascii_lowercase();
                found(&buffer);
            } else {
                found(word);
            }
        }
        at += 1;
    }
}

/// Reads the word that begins at `start` and says where it ends.
fn slow_word(text: &str, start: usize, term: &mut String, found: &mut impl FnMut(&str)) -> usize {
    term.clear();
    let mut count = 0;
    for (offset, character) in text[start..].char_indices() {
        let after = start + offset + character.len_utf8();
        match class_of(character as u32) {
            SEPARATOR => {
                if count > 0 {
                    found(term);
                }
                return after;
            }
            IGNORED => {}
            SINGLE => {
                if count > 0 {
                    found(term);
                }
                term.clear();
                term.push(fold(character));
                found(term);
                return after;
            }
            _ => {
                if count < LONGEST_TERM {
                    term.push(fold(character));
                }
                count += 1;
            }
        }
    }
    if count > 0 {
        found(term);
    }
    text.len()
}

/// The terms of `text`, in order, repeated ones as well.
pub fn terms_of(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    each_term(text, |term| all.push(term.to_string()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_without_accents() {
        assert_eq!(
            terms_of("The Quick-Brown fox_42, naïve CAFÉ cafe\u{301}!"),
            ["the", "quick", "brown", "fox", "42", "naive", "cafe", "cafe"]
        );
    }

    #[test]
    fn characters_of_scripts_without_spaces_are_terms() {
        assert_eq!(
            terms_of("東京へ行くtokyo1京"),
            ["東", "京", "へ", "行", "く", "tokyo1", "京"]
        );
    }

    #[test]
    fn soft_hyphens_and_joiners_do_not_cut_a_word() {
        assert_eq!(
            terms_of("co\u{ad}operate می\u{200c}خواهم"),
            ["cooperate", "میخواهم"]
        );
    }

    #[test]
    fn both_sigmas_are_one_letter() {
        assert_eq!(terms_of("ΣΊΣΥΦΟΣ"), terms_of("σίσυφος"));
    }

    #[test]
    fn a_long_word_is_cut() {
        assert_eq!(terms_of(&"x".repeat(100)), ["x".repeat(63)]);
        assert_eq!(terms_of(&"é".repeat(100)), ["e".repeat(63)]);
        assert_eq!(terms_of(&"𝔸".repeat(65))[0].chars().count(), 63);
    }

    #[test]
    fn folding_twice_changes_nothing_more() {
        for code in 0..=0x10ffff {
            if let Some(character) = char::from_u32(code) {
                assert_eq!(fold(fold(character)), fold(character));
            }
        }
    }
}
