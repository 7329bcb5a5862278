//! Functions of every kind that a compiler names: see `frames::names`.

#![allow(missing_docs, reason = "it is compiled by a test")]
use std::hint::black_box;
pub mod domain {
    use std::hint::black_box;
    pub trait Score {
        fn score(&self) -> u32 {
            black_box(1)
        }
        fn own(&self) -> u32;
    }
    pub struct Plain;
    pub struct Generic<'a, T, const N: usize>(pub &'a T, pub [T; N]);
    impl Plain {
        #[inline(never)]
        pub fn inherent(&self) -> u32 {
            black_box(2)
        }
        #[inline(never)]
        pub fn generic<T: Copy>(&self, t: T) -> T {
            black_box(t)
        }
    }
    impl<'a, T: Copy, const N: usize> Generic<'a, T, N> {
        #[inline(never)]
        pub fn first(&self) -> T {
            black_box(self.1[0])
        }
    }
    impl Score for Plain {
        #[inline(never)]
        fn own(&self) -> u32 {
            black_box(3)
        }
    }
    impl<'a, T, const N: usize> Score for Generic<'a, T, N> {
        #[inline(never)]
        fn own(&self) -> u32 {
            black_box(4)
        }
    }
    impl Score for u32 {
        #[inline(never)]
        fn own(&self) -> u32 {
            black_box(5)
        }
    }
    impl<T> Score for Vec<T> {
        #[inline(never)]
        fn own(&self) -> u32 {
            black_box(6)
        }
    }
    impl Score for [u8] {
        #[inline(never)]
        fn own(&self) -> u32 {
            black_box(12)
        }
    }
    impl Score for (u8, Plain) {
        #[inline(never)]
        fn own(&self) -> u32 {
            black_box(13)
        }
    }
    impl Drop for Plain {
        #[inline(never)]
        fn drop(&mut self) {
            black_box(7);
        }
    }
    impl std::fmt::Debug for Plain {
        #[inline(never)]
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(black_box("x"))
        }
    }
    impl From<u8> for Plain {
        #[inline(never)]
        fn from(_: u8) -> Self {
            black_box(Plain)
        }
    }
    impl<T> From<Vec<T>> for Generic<'static, u8, 3> {
        #[inline(never)]
        fn from(_: Vec<T>) -> Self {
            black_box(Generic(&0, [0; 3]))
        }
    }
    pub trait Blanket {
        fn blanket(&self) -> u32;
    }
    impl<T> Blanket for T {
        #[inline(never)]
        fn blanket(&self) -> u32 {
            black_box(8)
        }
    }
}
mod elsewhere {
    impl crate::domain::Plain {
        #[inline(never)]
        pub fn from_elsewhere(&self) -> u32 {
            std::hint::black_box(9)
        }
    }
    impl<'a> Iterator for crate::domain::Generic<'a, u16, 1> {
        type Item = u8;
        #[inline(never)]
        fn next(&mut self) -> Option<u8> {
            std::hint::black_box(None)
        }
    }
    impl std::ops::Index<usize> for crate::domain::Plain {
        type Output = u8;
        #[inline(never)]
        fn index(&self, _: usize) -> &u8 {
            std::hint::black_box(&0)
        }
    }
}
#[inline(never)]
fn generic<T, const N: usize>(f: impl Fn(T) -> u32, t: T) -> u32 {
    let g = move || {
        let h = || f(t);
        black_box(h())
    };
    black_box(g())
}
#[inline(never)]
#[track_caller]
fn tracked() -> u32 {
    std::panic::Location::caller().line()
}
async fn asynchronous(x: u8) -> u8 {
    let inner = async { black_box(x) };
    inner.await
}
extern "C" fn foreign(x: u8) -> u8 {
    black_box(x)
}
fn call(f: Box<dyn FnOnce() -> u32>) -> u32 {
    black_box(f())
}
fn main() {
    use domain::*;
    let p = Plain;
    let g = Generic(&1u16, [2u16]);
    let mut n = p.inherent()
        + p.generic(3)
        + g.first() as u32
        + p.own()
        + g.own()
        + 5u32.own()
        + vec![1].own()
        + p.score()
        + g.score()
        + p.blanket()
        + 1u8.blanket()
        + g.blanket();
    n += p.from_elsewhere() + generic::<_, 3>(|x: u8| x as u32, 4) + tracked() + p[0] as u32;
    n += [1u8][..].own() + (1u8, Plain::from(1u8)).own();
    let f: fn() -> u32 = tracked;
    n += f();
    n += call(Box::new(move || n + 1));
    println!("{p:?} {n}");
    let _: Generic<u8, 3> = vec![1].into();
    let mut it = Generic(&1u16, [2u16]);
    n += it.by_ref().count() as u32;
    let _ = std::pin::pin!(asynchronous(1))
        .as_mut()
        .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    black_box(foreign as extern "C" fn(u8) -> u8)(1);
    black_box(&p as &dyn Score).own();
    let d: Box<dyn std::fmt::Debug> = Box::new(Plain);
    println!("{d:?}");
    let v: Vec<u32> = (0..n).map(|x| x * 2).filter(|x| *x > 3).collect();
    println!("{}", v.len());
}
