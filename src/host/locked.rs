//! A small arena for secrets that is never swapped and never dumped: memory that even the kernel does not map
//! (memfd_secret), else locked pages, else none. Of all that is unsafe in this program nearly everything is here; what
//! lies in the arena is reached only through [`Secret`], and wiped before its place is used again.

#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroize;

use crate::secret::{Memory, Secret};

/// As much as a user may lock on old systems (RLIMIT_MEMLOCK of 64 KiB); room for a thousand passwords.
const ARENA_LEN: usize = 64 * 1024;

/// Places are multiples of this, so that a freed one fits the next secret of about the same length.
const PLACE_LEN: usize = 16;

/// What the machine granted; `status` says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// memfd_secret: neither swapped nor dumped, and unreadable for other processes and for most of the kernel.
    Secret,
    /// mlock: neither swapped nor dumped. A hibernated machine has it on its disk.
    Locked,
    /// Ordinary memory, wiped all the same.
    Heap(String),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Secret => f.write_str("secret memory"),
            Kind::Locked => f.write_str("locked memory"),
            Kind::Heap(why) => write!(f, "ordinary memory: {why}"),
        }
    }
}

/// Clones share the same memory, which lives as long as one of them or one secret in it.
#[derive(Debug, Clone)]
pub struct Arena(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    mapping: Option<Mapping>,
    /// Taken places by their start, in order; first fit.
    places: Mutex<Vec<Place>>,
    outside: AtomicUsize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: usize,
    len: usize,
}

impl Arena {
    #[allow(clippy::new_ret_no_self, reason = "what was granted is half of the answer")]
    pub fn new() -> (Arena, Kind) {
        let secret = Mapping::secret().map(|mapping| (mapping, Kind::Secret));
        match secret.or_else(|_| Mapping::locked().map(|mapping| (mapping, Kind::Locked))) {
            Ok((mapping, kind)) => (Arena::of(Some(mapping)), kind),
            Err(error) => (Arena::of(None), Kind::Heap(error.to_string())),
        }
    }

    fn of(mapping: Option<Mapping>) -> Arena {
        Arena(Arc::new(Shared { mapping, places: Mutex::default(), outside: AtomicUsize::new(0) }))
    }

    /// The same secret, its bytes in the arena and wiped where they were. Where there is no room it stays where it is,
    /// and `outside` counts it.
    pub fn keep(&self, secret: Secret) -> Secret {
        match self.take(secret.expose().as_bytes()) {
            Some(kept) => {
                Secret::in_memory(Box::new(kept)).expect("it is a copy of a secret, and those are UTF-8")
            }
            None => {
                self.0.outside.fetch_add(1, Ordering::Relaxed);
                secret
            }
        }
    }

    /// How many secrets were left on the heap so far.
    pub fn outside(&self) -> usize {
        self.0.outside.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: &[u8]) -> Option<Kept> {
        let mapping = self.0.mapping.as_ref()?;
        let place = self.0.reserve(bytes.len())?;
        mapping.write(place, bytes);
        Some(Kept { arena: Arc::clone(&self.0), place, len: bytes.len() })
    }
}

impl Shared {
    fn reserve(&self, len: usize) -> Option<Place> {
        let len = len.max(1).checked_next_multiple_of(PLACE_LEN)?;
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let mut start = 0;
        let mut index = 0;
        while let Some(next) = places.get(index) {
            if next.start - start >= len {
                break;
            }
            start = next.start + next.len;
            index += 1;
        }
        let place = Place { start, len };
        (ARENA_LEN - start >= len).then(|| places.insert(index, place)).map(|()| place)
    }

    fn free(&self, place: Place) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|taken| *taken != place);
    }
}

/// One secret's place. Nobody else has it until it is dropped.
struct Kept {
    arena: Arc<Shared>,
    place: Place,
    len: usize,
}

impl Memory for Kept {
    fn bytes(&self) -> &[u8] {
        match &self.arena.mapping {
            // SAFETY: the place is within the mapping, which lives as long as `arena`; its first `len` bytes were written
            // when it was taken; nobody else writes to it, and we write to it with `&mut self` only.
            Some(mapping) => unsafe { slice::from_raw_parts(mapping.at(self.place), self.len) },
            None => &[],
        }
    }

    fn wipe(&mut self) {
        if let Some(mapping) = &self.arena.mapping {
            // SAFETY: as above, and `&mut self` says that no slice of `bytes` is alive. The whole place is initialised: the
            // kernel gives zeroed pages, and what was written since are bytes.
            unsafe { slice::from_raw_parts_mut(mapping.at(self.place), self.place.len) }.zeroize();
        }
        self.len = 0;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.wipe();
        self.arena.free(self.place);
    }
}

/// `ARENA_LEN` bytes of our own, readable and writable.
#[derive(Debug)]
struct Mapping(NonNull<u8>);

// SAFETY: the mapping belongs to no thread, and is never changed but through places, of which no two overlap: they are
// given out and taken back under one lock.
unsafe impl Send for Mapping {}
// SAFETY: as above; a place is written through `&mut Kept`, or before anyone else knows of it.
unsafe impl Sync for Mapping {}

impl Mapping {
    #[cfg(target_os = "linux")]
    fn secret() -> io::Result<Mapping> {
        use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

        // SAFETY: memfd_secret(2) takes flags alone and returns a descriptor or -1; no libc has a function for it yet.
        let descriptor = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
        let descriptor = libc::c_int::try_from(descriptor).map_err(io::Error::other)?;
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just made it, and nobody else knows of it.
        let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor) };
        let len = libc::off_t::try_from(ARENA_LEN).map_err(io::Error::other)?;
        // SAFETY: a descriptor that is open, and a length.
        if unsafe { libc::ftruncate(descriptor.as_raw_fd(), len) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let mapping = Mapping::map(libc::MAP_SHARED, descriptor.as_raw_fd())?;
        // A child has no use for it. Without this it would share it until it runs another program.
        mapping.advise(libc::MADV_DONTFORK);
        Ok(mapping)
    }

    #[cfg(not(target_os = "linux"))]
    fn secret() -> io::Result<Mapping> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    fn locked() -> io::Result<Mapping> {
        let mapping = Mapping::map(libc::MAP_PRIVATE | libc::MAP_ANON, -1)?;
        // SAFETY: exactly the pages that were mapped above.
        if unsafe { libc::mlock(mapping.0.as_ptr().cast(), ARENA_LEN) } != 0 {
            return Err(io::Error::last_os_error());
        }
        #[cfg(target_os = "linux")]
        {
            mapping.advise(libc::MADV_DONTDUMP);
            mapping.advise(libc::MADV_WIPEONFORK);
        }
        Ok(mapping)
    }

    fn map(flags: libc::c_int, descriptor: libc::c_int) -> io::Result<Mapping> {
        let rights = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: no address is asked for, so nothing that is mapped already is replaced.
        let address = unsafe { libc::mmap(ptr::null_mut(), ARENA_LEN, rights, flags, descriptor, 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(address.cast()).map(Mapping).ok_or_else(|| io::Error::other("mapped at zero"))
    }

    /// Asks for a further protection; one that an old kernel does not know is done without.
    #[cfg(target_os = "linux")]
    fn advise(&self, advice: libc::c_int) {
        // SAFETY: exactly our own pages, which hold nothing yet.
        let _unknown_to_old_kernels = unsafe { libc::madvise(self.0.as_ptr().cast(), ARENA_LEN, advice) };
    }

    fn at(&self, place: Place) -> *mut u8 {
        debug_assert!(place.start + place.len <= ARENA_LEN);
        // SAFETY: places end within the mapping; `reserve` makes no others.
        unsafe { self.0.as_ptr().add(place.start) }
    }

    fn write(&self, place: Place, bytes: &[u8]) {
        assert!(bytes.len() <= place.len, "a place is as long as what it was reserved for");
        // SAFETY: the place is ours and long enough, and the caller's bytes are not in it, for it was free.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.at(place), bytes.len()) };
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by `map`, unmapped here alone; every place in it held the arena alive and is gone.
        let _never_fails = unsafe { libc::munmap(self.0.as_ptr().cast(), ARENA_LEN) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    /// All that this machine can make; the tests hold for each.
    fn arenas() -> Vec<Arena> {
        let mappings: Vec<Mapping> =
            [Mapping::secret(), Mapping::locked()].into_iter().filter_map(Result::ok).collect();
        assert!(!mappings.is_empty(), "neither memfd_secret nor mlock is allowed here");
        mappings.into_iter().map(|mapping| Arena::of(Some(mapping))).collect()
    }

    /// The whole arena as it is.
    fn memory(arena: &Arena) -> Vec<u8> {
        let mapping = arena.0.mapping.as_ref().unwrap();
        // SAFETY: all of it is mapped and initialised, and the test writes nothing meanwhile.
        unsafe { slice::from_raw_parts(mapping.0.as_ptr(), ARENA_LEN) }.to_vec()
    }

    fn holds(arena: &Arena, text: &str) -> bool {
        memory(arena).windows(text.len()).any(|window| window == text.as_bytes())
    }

    fn is_within(arena: &Arena, secret: &Secret) -> bool {
        let start = arena.0.mapping.as_ref().unwrap().0.as_ptr() as usize;
        (start..start + ARENA_LEN).contains(&(secret.expose().as_ptr() as usize))
    }

    #[test]
    fn a_kept_secret_lies_in_the_arena_and_is_the_same() {
        for arena in arenas() {
            let text = "S3cret pa'ss\"w$rd\\` пароль";
            let kept = arena.keep(secret(text));
            assert!(is_within(&arena, &kept));
            assert_eq!(kept.expose(), text);
            drop(arena);
            assert_eq!(kept.expose(), text, "a secret outlives the arena that it lies in");
        }
    }

    #[test]
    fn nothing_is_left_of_a_secret_that_is_dropped_or_wiped() {
        for arena in arenas() {
            let (mut wiped, dropped) = (arena.keep(secret("canary one")), arena.keep(secret("canary two")));
            assert!(holds(&arena, "canary one") && holds(&arena, "canary two"));
            drop(dropped);
            wiped.wipe();
            assert!(wiped.is_empty());
            assert_eq!(memory(&arena), vec![0; ARENA_LEN]);
        }
    }

    #[test]
    fn a_freed_place_is_used_again_and_neighbours_are_untouched() {
        for arena in arenas() {
            let [first, second, third] = ["1".repeat(40), "2".repeat(40), "3".repeat(40)].map(|text| {
                let kept = arena.keep(secret(&text));
                (kept.expose().as_ptr() as usize, kept, text)
            });
            drop(second.1);
            let small = arena.keep(secret("four"));
            let large = arena.keep(secret(&"5".repeat(41)));
            assert_eq!(small.expose().as_ptr() as usize, second.0);
            assert!(large.expose().as_ptr() as usize > third.0);
            assert_eq!((first.1.expose(), third.1.expose()), (first.2.as_str(), third.2.as_str()));
        }
    }

    #[test]
    fn a_full_arena_leaves_secrets_where_they_are_and_counts_them() {
        for arena in arenas() {
            let kept: Vec<Secret> =
                (0..ARENA_LEN / PLACE_LEN).map(|n| arena.keep(secret(&n.to_string()))).collect();
            assert!(kept.iter().all(|secret| is_within(&arena, secret)));
            assert_eq!(arena.outside(), 0);
            let outside = arena.keep(secret("no room"));
            assert_eq!((outside.expose(), arena.outside()), ("no room", 1));
            assert!(!is_within(&arena, &outside));
            for (n, secret) in kept.into_iter().enumerate() {
                assert_eq!(secret.expose(), n.to_string());
            }
            assert!(is_within(&arena, &arena.keep(secret(&"x".repeat(ARENA_LEN)))));
            assert!(!is_within(&arena, &arena.keep(secret(&"x".repeat(ARENA_LEN + 1)))));
        }
    }

    #[test]
    fn secrets_are_kept_and_dropped_by_many_threads_at_once() {
        for arena in arenas() {
            std::thread::scope(|scope| {
                for thread in 0..8 {
                    let arena = &arena;
                    scope.spawn(move || {
                        for round in 0..500 {
                            let text = format!("{thread} {}", "x".repeat(round % 100));
                            assert_eq!(arena.keep(secret(&text)).expose(), text);
                        }
                    });
                }
            });
            assert_eq!(memory(&arena), vec![0; ARENA_LEN]);
            assert_eq!(*arena.0.places.lock().unwrap(), []);
        }
    }

    #[test]
    fn without_locked_memory_a_secret_stays_on_the_heap_and_is_counted() {
        let arena = Arena::of(None);
        assert_eq!(arena.keep(secret("canary")).expose(), "canary");
        assert_eq!(arena.outside(), 1);
    }

    /// The kernel's own word: the flags of the mapping in /proc/self/smaps. `lo` is locked, `dd` is not dumped.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_kernel_calls_it_locked_and_not_dumped() {
        for arena in arenas() {
            let start = arena.0.mapping.as_ref().unwrap().0.as_ptr() as usize;
            let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
            let ours = smaps.lines().skip_while(|line| !line.starts_with(&format!("{start:x}-")));
            let flags = ours.into_iter().find_map(|line| line.strip_prefix("VmFlags: ")).unwrap();
            let flags: Vec<&str> = flags.split_whitespace().collect();
            assert!(flags.contains(&"lo") && flags.contains(&"dd"), "{flags:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn secret_memory_is_read_by_nobody_through_proc() {
        use std::os::unix::fs::FileExt;

        let Ok(mapping) = Mapping::secret() else {
            eprintln!("NOT TESTED: this kernel has no memfd_secret");
            return;
        };
        let kept = Arena::of(Some(mapping)).keep(secret("canary"));
        let mut read = [0; 6];
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        assert!(memory.read_exact_at(&mut read, kept.expose().as_ptr() as u64).is_err());
        assert_ne!(&read, b"canary");
    }
}
