//! Numbers as bytes: seven bits a byte, the lowest first. Reading never fails otherwise than by `None`.

use crate::facts::live::event::{KEY_BYTES, Key};

/// Bytes being written.
#[derive(Debug, Default)]
pub(super) struct Written(pub(super) Vec<u8>);

impl Written {
    pub(super) fn number(&mut self, mut number: u128) {
        while number >= 0x80 {
            #[expect(clippy::cast_possible_truncation, reason = "seven bits of it")]
            self.0.push(number as u8 & 0x7f | 0x80);
            number >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "what is left is less than 128")]
        self.0.push(number as u8);
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u128);
    }

    /// A number of either sign; one below zero takes ten bytes.
    pub(super) fn signed(&mut self, number: i64) {
        self.number(u128::from(number.cast_unsigned()));
    }

    pub(super) fn key(&mut self, key: &Key) {
        self.0.extend_from_slice(key);
    }
}

/// Bytes being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

impl Bytes<'_> {
    pub(super) fn number(&mut self) -> Option<u128> {
        let (mut number, mut shift) = (0_u128, 0);
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u128::from(byte & 0x7f);
            number |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }

    pub(super) fn small(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }

    /// How many things follow, each of at least `least` bytes: never more than there are bytes for.
    pub(super) fn count(&mut self, least: usize) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count.checked_mul(least)? <= self.0.len()).then_some(count)
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        Some(u64::try_from(self.number()?).ok()?.cast_signed())
    }

    pub(super) fn key(&mut self) -> Option<Key> {
        let (key, rest) = self.0.split_first_chunk::<KEY_BYTES>()?;
        self.0 = rest;
        Some(*key)
    }
}
