//! Keys that tokens are verified with. Only public ones: no algorithm that signs with what it verifies with is known here.

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenAlgorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// Ed25519.
    EdDsa,
}

impl TokenAlgorithm {
    /// Every algorithm that is known.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// Its name in tokens (RFC 7518, RFC 8037).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that name, letter by letter.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// A public key. It belongs to one algorithm, and verifies nothing that claims another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// A point of P-256, uncompressed: 4, x, y.
    P256([u8; 65]),
    /// An RSA key of 2048 to 8192 bits, big-endian without leading zeros.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
    /// An Ed25519 key.
    Ed25519([u8; 32]),
}

impl PublicKey {
    /// The one algorithm it verifies.
    #[must_use]
    pub const fn algorithm(&self) -> TokenAlgorithm {
        match self {
            Self::P256(_) => TokenAlgorithm::Es256,
            Self::Rsa { .. } => TokenAlgorithm::Rs256,
            Self::Ed25519(_) => TokenAlgorithm::EdDsa,
        }
    }
}
