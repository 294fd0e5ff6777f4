//! Stands in for `libz-ng-sys`, the C library zlib-ng.
//!
//! `pingora-core` turns on flate2's `zlib-ng` feature, whose C build needs cmake: more than the Rust toolchain and C
//! compiler this project asks for. `libz-rs-sys` has the same functions in Rust, so flate2 gets those under the name it
//! asks for. Only the type of two fields of `z_stream` differs (`alloc_func` there, `Option<alloc_func>` here, which Rust
//! guarantees to be laid out alike), so the functions that take a stream are wrapped. The gateway itself compresses
//! nothing; Pingora's compression module, the only caller, is not switched on.
#![allow(non_camel_case_types, non_snake_case, clippy::missing_safety_doc, reason = "the names and contracts are zlib's")]

use core::ffi::{c_char, c_int, c_uint, c_ulong};

pub use libz_rs_sys::*;

/// zlib's stream with non-null allocation functions, as zlib-ng's binding declares it.
#[repr(C)]
pub struct z_stream {
    pub next_in: *const Bytef,
    pub avail_in: uInt,
    pub total_in: c_ulong,
    pub next_out: *mut Bytef,
    pub avail_out: uInt,
    pub total_out: c_ulong,
    pub msg: *mut c_char,
    pub state: *mut internal_state,
    pub zalloc: alloc_func,
    pub zfree: free_func,
    pub opaque: voidpf,
    pub data_type: c_int,
    pub adler: c_ulong,
    pub reserved: c_ulong,
}

const _: () = assert!(size_of::<z_stream>() == size_of::<libz_rs_sys::z_stream>());

macro_rules! forward {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {$(
        pub unsafe extern "C" fn $name(stream: *mut z_stream, $($argument: $kind),*) -> c_int {
            // SAFETY: the two stream types are laid out alike, and the rest of the contract is the caller's.
            unsafe { libz_rs_sys::$name(stream.cast(), $($argument),*) }
        }
    )*};
}

forward! {
    deflate(flush: c_int);
    deflateEnd();
    deflateReset();
    deflateParams(level: c_int, strategy: c_int);
    deflateSetDictionary(dictionary: *const Bytef, length: c_uint);
    deflateInit2_(
        level: c_int, method: c_int, window_bits: c_int, memory: c_int, strategy: c_int, version: *const c_char,
        size: c_int
    );
    inflate(flush: c_int);
    inflateEnd();
    inflateReset();
    inflateReset2(window_bits: c_int);
    inflateSetDictionary(dictionary: *const Bytef, length: c_uint);
    inflateInit2_(window_bits: c_int, version: *const c_char, size: c_int);
}
