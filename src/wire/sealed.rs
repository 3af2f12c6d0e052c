//! A secret on the wire: base64, so that no parser copies it while unescaping, in buffers that are wiped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// A secret on its way from client to agent. The only thing of ours that is a secret and serialises.
#[derive(Debug)]
pub struct Sealed(pub Secret);

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = self.0.expose().as_bytes();
        let mut text = Zeroizing::new(vec![0; bytes.len().div_ceil(3) * 4]);
        let len =
            STANDARD.encode_slice(bytes, &mut text).map_err(|_| serde::ser::Error::custom("too long"))?;
        let text = std::str::from_utf8(&text[..len]).expect("base64 is ASCII");
        serializer.serialize_str(text)
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sealed, D::Error> {
        deserializer.deserialize_str(Visitor)
    }
}

struct Visitor;

impl de::Visitor<'_> for Visitor {
    type Value = Sealed;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a secret as base64")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Sealed, E> {
        let mut bytes = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
        // serde's own message would quote the text; these do not.
        let len =
            STANDARD.decode_slice(text, &mut bytes).map_err(|_| E::custom("the secret is not base64"))?;
        bytes.truncate(len);
        Secret::from_utf8(std::mem::take(&mut *bytes)).map(Sealed).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_the_wire_and_is_not_readable_on_it() {
        let password = "S3cret pa'ss\"w$rd\\ é";
        let line = serde_json::to_string(&Sealed(Secret::new(password.to_owned()))).unwrap();
        assert!(!line.contains("S3cret"));
        let back: Sealed = serde_json::from_str(&line).unwrap();
        assert_eq!(back.0.expose(), password);
    }

    #[test]
    fn what_is_not_base64_is_refused_without_being_quoted() {
        let error = serde_json::from_str::<Sealed>(r#""canary canary""#).unwrap_err();
        assert!(!error.to_string().contains("canary"));
    }
}
