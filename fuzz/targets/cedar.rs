//! See `cedar` in src/.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aegis_gateway_fuzz::cedar(data));
