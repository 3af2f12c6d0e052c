//! The answers to the last few `add`s, by request id: a client whose connection was cut asks again with the same id and gets
//! the first answer, so that nothing is done twice.

use std::collections::VecDeque;

use crate::wire::answer::Added;

/// One client asks again at once; the others are for those that ran beside it.
const RECENT_MAX: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(String, Added)>);

impl Recent {
    pub(super) fn get(&self, request_id: &str) -> Option<&Added> {
        self.0.iter().find(|(id, _)| !id.is_empty() && id == request_id).map(|(_, added)| added)
    }

    pub(super) fn put(&mut self, request_id: String, added: Added) {
        if self.0.len() == RECENT_MAX {
            self.0.pop_front();
        }
        self.0.push_back((request_id, added));
    }
}
