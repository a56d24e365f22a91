// Cost of a method under `#[instrument]` while nothing is recorded, against the same method without it. Built and run by bench/rust.ts.
// Argument: `off` for no subscriber, or a directive of `EnvFilter` that leaves the methods out. Prints nanoseconds a call by round, the
// bare method's and the instrumented one's.

use std::hint::black_box;
use std::time::Instant;
use tracing::instrument;
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt, EnvFilter};

const SITES: usize = 32;
const CALLS: usize = 640_000;
const WARM_UPS: usize = 5;
const ROUNDS: usize = 90;

trait Method {
    fn m(&self, a: i32, b: i32) -> i32;
}

fn body(k: i32, bias: i32, a: i32, b: i32) -> i32 {
    let mut x = a ^ k;
    for _ in 0..3 {
        x = (x ^ ((x as u32) >> 15) as i32).wrapping_mul(k * 2 + 3).wrapping_add(b);
    }
    x.wrapping_add(bias)
}

macro_rules! site {
    ($bare:ident, $instrumented:ident, $k:expr) => {
        struct $bare {
            bias: i32,
        }
        impl Method for $bare {
            fn m(&self, a: i32, b: i32) -> i32 {
                body($k, self.bias, a, b)
            }
        }
        struct $instrumented {
            bias: i32,
        }
        impl Method for $instrumented {
            #[instrument(skip_all)]
            fn m(&self, a: i32, b: i32) -> i32 {
                body($k, self.bias, a, b)
            }
        }
    };
}

macro_rules! sites {
    ($($bare:ident $instrumented:ident $k:expr;)*) => {
        $(site!($bare, $instrumented, $k);)*
        fn methods() -> (Vec<Box<dyn Method>>, Vec<Box<dyn Method>>) {
            (vec![$(Box::new($bare { bias: $k })),*], vec![$(Box::new($instrumented { bias: $k })),*])
        }
    };
}

sites! {
    B0 I0 0; B1 I1 1; B2 I2 2; B3 I3 3; B4 I4 4; B5 I5 5; B6 I6 6; B7 I7 7;
    B8 I8 8; B9 I9 9; B10 I10 10; B11 I11 11; B12 I12 12; B13 I13 13; B14 I14 14; B15 I15 15;
    B16 I16 16; B17 I17 17; B18 I18 18; B19 I19 19; B20 I20 20; B21 I21 21; B22 I22 22; B23 I23 23;
    B24 I24 24; B25 I25 25; B26 I26 26; B27 I27 27; B28 I28 28; B29 I29 29; B30 I30 30; B31 I31 31;
}

/// One call site for all of them.
fn run(methods: &[Box<dyn Method>]) -> (f64, i32) {
    let start = Instant::now();
    let mut sum = 0i32;
    for call in 0..CALLS {
        sum = sum.wrapping_add(methods[call % SITES].m(call as i32, sum));
    }
    (start.elapsed().as_nanos() as f64 / CALLS as f64, black_box(sum))
}

fn main() {
    let directive = std::env::args().nth(1).expect("an argument: off, or a directive");
    if directive != "off" {
        tracing_subscriber::registry().with(EnvFilter::new(directive)).init();
    }
    let (bare, instrumented) = methods();
    let (bare, instrumented) = (black_box(bare), black_box(instrumented));
    for round in 0..WARM_UPS + ROUNDS {
        let ((one, sum), (other, same)) = (run(&bare), run(&instrumented));
        assert_eq!(sum, same);
        if round >= WARM_UPS {
            println!("{one} {other}");
        }
    }
}
