//! The outside of a gateway payload: what kind it is, and its data as it came.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A payload. No field of another kind than usual makes it unreadable.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default)]
    op: Option<&'a RawValue>,
    #[serde(borrow, default)]
    s: Option<&'a RawValue>,
    #[serde(borrow, default)]
    t: Option<&'a RawValue>,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// The payload in a text; `None` if it is no JSON object.
    pub(super) fn open(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What it asks for.
    pub(super) fn op(&self) -> Option<u8> {
        self.op?.get().parse().ok()
    }

    /// The number of the event.
    pub(super) fn sequence(&self) -> Option<u64> {
        self.s?.get().parse().ok()
    }

    /// The name of the event.
    pub(super) fn kind(&self) -> Option<String> {
        serde_json::from_str(self.t?.get()).ok()
    }

    /// What it says, in JSON.
    pub(super) fn data(&self) -> &'a str {
        self.d.map_or("null", RawValue::get)
    }

    /// One field of what it says, if it is there and of this kind.
    pub(super) fn field<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        let data: serde_json::Value = serde_json::from_str(self.data()).ok()?;
        T::deserialize(data.get(name)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_opened_whatever_its_fields_are() {
        let envelope = Envelope::open(r#"{"d":{"op":9,"s":8},"op": 0 ,"s":5,"t":"READY","x":1}"#).unwrap();
        assert_eq!((envelope.op(), envelope.sequence()), (Some(0), Some(5)));
        assert_eq!((envelope.kind().as_deref(), envelope.field::<u8>("op")), (Some("READY"), Some(9)));
        let odd = Envelope::open(r#"{"op":"0","s":-1,"t":7}"#).unwrap();
        assert_eq!((odd.op(), odd.sequence(), odd.kind(), odd.data()), (None, None, None, "null"));
        assert!(Envelope::open("{\"op\":0").is_none() && Envelope::open("7").is_none());
    }
}
