//! Finding the bytes of a string that mean something. Most of a body is passed here, so it looks at many bytes at once.

/// Bytes looked at together: what the compiler makes two vector registers of.
const BLOCK: usize = 32;

/// How many bytes at the start of `bytes` are neither quote, backslash nor control character.
pub(super) fn plain_bytes(bytes: &[u8]) -> usize {
    count(bytes, |byte| (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

/// As [`plain_bytes`], with DEL taken for a control character.
pub(super) fn harmless_bytes(bytes: &[u8]) -> usize {
    count(bytes, |byte| (byte < 0x20) | (byte == b'"') | (byte == b'\\') | (byte == 0x7f))
}

/// Whole blocks are only asked whether they hold one of the bytes, without an early exit, so that the compiler can look at
/// all of a block at once; the block that does is then searched.
#[inline]
fn count(bytes: &[u8], special: impl Fn(u8) -> bool) -> usize {
    let mut passed = 0;
    let mut rest = bytes;
    while let Some((block, behind)) = rest.split_first_chunk::<BLOCK>() {
        if block.iter().fold(false, |found, byte| found | special(*byte)) {
            break;
        }
        passed += BLOCK;
        rest = behind;
    }
    passed + rest.iter().position(|byte| special(*byte)).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_special_byte_at_every_place() {
        for special in (0..0x20).chain([b'"', b'\\', 0x7f]) {
            for place in 0..80 {
                let mut bytes = [b'a'; 80];
                bytes[place] = special;
                assert_eq!(harmless_bytes(&bytes), place, "{special}");
                assert_eq!(plain_bytes(&bytes), if special == 0x7f { 80 } else { place }, "{special}");
            }
        }
    }

    #[test]
    fn everything_else_is_plain() {
        let rest: Vec<u8> = (0x20..=0xff).filter(|byte| !b"\"\\\x7f".contains(byte)).collect();
        assert_eq!(harmless_bytes(&rest), rest.len());
    }
}
