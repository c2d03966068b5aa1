//! What the bytes of a model are, block by block: made from a number, or read from a file; and their checksums.
//!
//! `src/native/modules/model-pool/content.ts` computes the same numbers; whoever changes one changes the other.

use crate::generated::model_pool::{ModelSource, SourceProblem};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Bytes are made, checked and restored in blocks of this size; the last one may be shorter.
pub const BLOCK: usize = 1 << 20;

const PRIME: u32 = 0x0100_0193;
const BASIS: u32 = 0x811c_9dc5;
const VOCABULARY: u32 = 50_257;

/// A source that was found, and is ready to be read.
pub enum Reader {
    Seeded { seed: u32, bytes: u64 },
    File { file: File, bytes: u64 },
}

impl Reader {
    pub fn open(source: &ModelSource, folder: Option<&Path>) -> Result<Reader, SourceProblem> {
        match source {
            ModelSource::Seeded { seed, size_mb } => Ok(Reader::Seeded {
                seed: *seed,
                bytes: u64::from(*size_mb) << 20,
            }),
            ModelSource::File { file } => {
                let path = locate(file, folder)?;
                let file = File::open(path).map_err(|_| SourceProblem::Unreadable)?;
                let metadata = file.metadata().map_err(|_| SourceProblem::Unreadable)?;
                match (metadata.is_file(), metadata.len()) {
                    (false, _) => Err(SourceProblem::Unreadable),
                    (true, 0) => Err(SourceProblem::Empty),
                    (true, bytes) => Ok(Reader::File { file, bytes }),
                }
            }
        }
    }

    pub fn bytes(&self) -> u64 {
        match self {
            Reader::Seeded { bytes, .. } | Reader::File { bytes, .. } => *bytes,
        }
    }

    /// Fills `target`, which is the block of this number.
    pub fn fill(&mut self, block: usize, target: &mut [u8]) -> Result<(), SourceProblem> {
        match self {
            Reader::Seeded { seed, .. } => {
                seeded(*seed, block, target);
                Ok(())
            }
            Reader::File { file, .. } => {
                let at = (block as u64) * (BLOCK as u64);
                file.seek(SeekFrom::Start(at))
                    .and_then(|_| file.read_exact(target))
                    .map_err(|_| SourceProblem::Unreadable)
            }
        }
    }
}

/// The file, wherever links lead: it has to lie in the folder.
fn locate(file: &str, folder: Option<&Path>) -> Result<PathBuf, SourceProblem> {
    let folder = folder.ok_or(SourceProblem::NotConfigured)?;
    if file.contains(['/', '\\', '\0']) || file == "." || file == ".." {
        return Err(SourceProblem::NotAllowed);
    }
    let folder = folder.canonicalize().map_err(|_| SourceProblem::Missing)?;
    let path = folder
        .join(file)
        .canonicalize()
        .map_err(|_| SourceProblem::Missing)?;
    if path.starts_with(&folder) {
        Ok(path)
    } else {
        Err(SourceProblem::NotAllowed)
    }
}

/// Xorshift, started anew for every block, so that one block can be made without those before it.
fn seeded(seed: u32, block: usize, target: &mut [u8]) {
    let mut state = seed ^ (block as u32).wrapping_add(1).wrapping_mul(0x9e37_79b9);
    if state == 0 {
        state = 0x6d2b_79f5;
    }
    for word in target.chunks_mut(4) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        word.copy_from_slice(&state.to_le_bytes()[..word.len()]);
    }
}

/// Notices every change of a single byte.
pub fn block_checksum(bytes: &[u8]) -> u32 {
    let mut hash = BASIS ^ (bytes.len() as u32);
    let words = bytes.chunks_exact(4);
    let rest = words.remainder();
    for word in words {
        hash =
            (hash ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]])).wrapping_mul(PRIME);
    }
    if !rest.is_empty() {
        let mut word = [0; 4];
        word[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u32::from_le_bytes(word)).wrapping_mul(PRIME);
    }
    hash ^ (hash >> 16)
}

/// Over all blocks.
pub fn checksum(blocks: &[u32]) -> u32 {
    let hash = blocks
        .iter()
        .fold(BASIS, |hash, block| (hash ^ block).wrapping_mul(PRIME));
    hash ^ (hash >> 16)
}

/// Walks over the bytes, led by the prompt; returns the answer and its digest.
pub fn infer(bytes: &[u8], prompt: &str, tokens: u32) -> (Vec<u32>, u32) {
    // A rest of less than a word is not looked at, unless there is nothing else.
    let words = ((bytes.len() / 4) as u64).max(1);
    let mut hash = prompt.encode_utf16().fold(BASIS, |hash, unit| {
        (hash ^ u32::from(unit)).wrapping_mul(PRIME)
    });
    let mut digest = BASIS;
    let mut answer = Vec::with_capacity(tokens as usize);
    for index in 0..tokens {
        hash = (hash ^ index).wrapping_mul(0x9e37_79b1);
        hash ^= hash >> 15;
        let at = ((u64::from(hash) % words) * 4) as usize;
        let mut word = [0; 4];
        let found = &bytes[at..bytes.len().min(at + 4)];
        word[..found.len()].copy_from_slice(found);
        hash = (hash ^ u32::from_le_bytes(word)).wrapping_mul(0x85eb_ca6b);
        hash ^= hash >> 13;
        let token = hash % VOCABULARY;
        answer.push(token);
        digest = (digest ^ token).wrapping_mul(PRIME);
    }
    (answer, digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(seed: u32, block: usize, bytes: usize) -> Vec<u8> {
        let mut target = vec![0; bytes];
        seeded(seed, block, &mut target);
        target
    }

    #[test]
    fn the_same_number_gives_the_same_bytes_and_blocks_differ() {
        assert_eq!(made(7, 0, BLOCK), made(7, 0, BLOCK));
        assert_ne!(made(7, 0, 64), made(7, 1, 64));
        assert_ne!(made(7, 0, 64), made(8, 0, 64));
        // A seed that the block number takes to zero would stay there.
        let dead = 1u32.wrapping_mul(0x9e37_79b9);
        assert!(made(dead, 0, 64).iter().any(|byte| *byte != 0));
    }

    #[test]
    fn every_changed_byte_changes_the_checksum() {
        let mut bytes = made(7, 0, 1027);
        let whole = block_checksum(&bytes);
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            assert_ne!(block_checksum(&bytes), whole, "byte {}", at);
            bytes[at] ^= 1;
        }
        assert_ne!(block_checksum(&bytes[..1026]), whole);
    }

    // The same numbers are in test/native/modules/model-pool/content.test.ts.
    #[test]
    fn numbers_that_typescript_computes_as_well() {
        let bytes = made(7, 2, 4099);
        assert_eq!(&bytes[..8], &[13, 51, 127, 247, 194, 235, 205, 50]);
        assert_eq!(block_checksum(&bytes), 1_687_511_703);
        assert_eq!(checksum(&[1, 2, 3]), 1_456_431_460);
        assert_eq!(
            infer(&bytes, "grüße 👋", 4),
            (vec![17_402, 34_997, 14_862, 35_315], 4_288_411_859)
        );
        assert_eq!(
            infer(&bytes[..3], "x", 2),
            (vec![34_350, 28_828], 4_009_382_295)
        );
    }

    #[test]
    fn names_that_leave_the_folder_are_not_allowed() {
        let folder = std::env::temp_dir().join(format!("opbus-content-{}", std::process::id()));
        let inside = folder.join("models");
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::write(folder.join("secret"), b"no").unwrap();
        std::fs::write(inside.join("good"), b"hello").unwrap();
        std::fs::write(inside.join("nothing"), b"").unwrap();
        let open = |file: &str, folder: Option<&Path>| {
            Reader::open(
                &ModelSource::File {
                    file: file.to_string(),
                },
                folder,
            )
            .map(|reader| reader.bytes())
        };
        assert_eq!(open("good", None), Err(SourceProblem::NotConfigured));
        assert_eq!(open("good", Some(&inside)), Ok(5));
        assert_eq!(
            open("../secret", Some(&inside)),
            Err(SourceProblem::NotAllowed)
        );
        assert_eq!(open("..", Some(&inside)), Err(SourceProblem::NotAllowed));
        assert_eq!(open("absent", Some(&inside)), Err(SourceProblem::Missing));
        assert_eq!(open("nothing", Some(&inside)), Err(SourceProblem::Empty));
        assert_eq!(
            open("models", Some(&folder)),
            Err(SourceProblem::Unreadable)
        );
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.join("secret"), inside.join("link")).unwrap();
            assert_eq!(open("link", Some(&inside)), Err(SourceProblem::NotAllowed));
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
