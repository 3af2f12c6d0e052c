//! The tokens that the fake Keystone gave out, and which of them still live.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A scope that was granted, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Project { id: String, name: String },
    Domain { id: String, name: String },
    System,
    Unscoped,
}

#[derive(Debug, Clone)]
pub struct Token {
    pub scope: Scope,
    pub methods: Vec<String>,
    pub expires_s: i64,
    pub issued_s: i64,
    /// Own first, then the root's.
    pub audit_ids: Vec<String>,
    parent: Option<String>,
    is_revoked: bool,
}

#[derive(Default)]
pub struct Tokens {
    by_id: HashMap<String, Token>,
    random: RandomState,
}

impl Tokens {
    /// A login's token.
    pub fn make(&mut self, scope: Scope, now_s: i64, life_s: i64) -> (String, Token) {
        let audit_ids = vec![self.random_text(22)];
        let (methods, expires_s) = (vec!["password".to_owned()], now_s + life_s);
        self.put(Token {
            scope,
            methods,
            expires_s,
            issued_s: now_s,
            audit_ids,
            parent: None,
            is_revoked: false,
        })
    }

    /// A token made from another: same end, one more method, the root's audit id behind its own.
    pub fn exchange(&mut self, from: &str, scope: Scope, now_s: i64) -> Option<(String, Token)> {
        let parent = self.by_id.get(from)?.clone();
        let mut methods = parent.methods;
        if !methods.iter().any(|method| method == "token") {
            methods.push("token".to_owned());
        }
        let root = parent.audit_ids.last().cloned().unwrap_or_default();
        let audit_ids = vec![self.random_text(22), root];
        let (expires_s, parent) = (parent.expires_s, Some(from.to_owned()));
        Some(self.put(Token {
            scope,
            methods,
            expires_s,
            issued_s: now_s,
            audit_ids,
            parent,
            is_revoked: false,
        }))
    }

    pub fn find(&self, id: &str) -> Option<&Token> {
        self.by_id.get(id)
    }

    /// Neither expired nor revoked, nor made from one that was revoked.
    pub fn is_alive(&self, id: &str, now_s: i64) -> bool {
        let mut next = Some(id);
        while let Some(id) = next {
            match self.by_id.get(id) {
                Some(token) if !token.is_revoked && now_s < token.expires_s => next = token.parent.as_deref(),
                _ => return false,
            }
        }
        true
    }

    pub fn revoke(&mut self, id: &str) {
        if let Some(token) = self.by_id.get_mut(id) {
            token.is_revoked = true;
        }
    }

    fn put(&mut self, token: Token) -> (String, Token) {
        // As long as a real project token of Keystone 30.
        let id = format!("gAAAAA{}", self.random_text(177));
        self.by_id.insert(id.clone(), token.clone());
        (id, token)
    }

    /// Base64url characters nobody has seen before.
    fn random_text(&self, len: usize) -> String {
        let words = (0..len / 8 + 1).map(|word| self.random.hash_one((self.by_id.len(), len, word)));
        let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        let mut text = URL_SAFE_NO_PAD.encode(bytes);
        text.truncate(len);
        text
    }
}
