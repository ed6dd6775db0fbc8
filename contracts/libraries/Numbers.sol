// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPayoutVault} from "../interfaces/IPayoutVault.sol";

/// @title Which numbers are consumed: a bitmap that nothing ever clears, of which one run is stored by its two ends.
/// @dev Numbers are given out one after another, so nearly all that is consumed is a run, and a batch that goes on where it
/// ends only moves the end: 5,000 gas, where fresh bits cost 22,100 for each 256 numbers. What comes out of turn is stored
/// as bits, and the run passes over them once what was missing has come.
///
/// Ends only grow and bits are only set, so what is consumed stays so. A range is checked as a whole before it is marked.
library Numbers {
    /// @dev Consumed from `start` up to, not including, `end`, and no bit is set from `quiet` on. All 0 at first.
    struct Run {
        uint64 start;
        uint64 end;
        uint64 quiet;
    }

    struct Consumed {
        mapping(uint256 word => uint256) bits;
        mapping(uint256 lane => Run) runs;
    }

    /// @dev Numbers with the same upper bits share a run: the payout service counts each asset in a lane of its own.
    uint256 private constant LANE_SHIFT = 40;
    /// @dev How many words of bits a run passes over at once, so that no batch pays for more.
    uint256 private constant MOST_WORDS = 8;

    /// @return bit `i` says whether number `word * 256 + i` is consumed
    function wordOf(Consumed storage self, uint256 word) internal view returns (uint256) {
        Run storage run = self.runs[word >> (LANE_SHIFT - 8)];
        return self.bits[word] | (_bitsBelow(run.end, word) & ~_bitsBelow(run.start, word));
    }

    /// @dev Consumes `first` up to `first + count - 1`, or reverts and names the lowest of them that is consumed already.
    function consume(Consumed storage self, uint256 first, uint256 count) internal {
        uint256 end = first + count;
        uint256 lane = first >> LANE_SHIFT;
        bool oneLane = (end - 1) >> LANE_SHIFT == lane;
        Run storage run = self.runs[lane];
        if (oneLane && first == run.end && first >= run.quiet) {
            run.end = uint64(end);
            return;
        }
        _requireUnconsumed(self, first, end);
        if (oneLane && run.end == 0) {
            (run.start, run.end) = (uint64(first), uint64(end));
        } else if (oneLane && _allConsumed(self, run.end, first)) {
            run.end = uint64(end);
        } else {
            _setBits(self, first, end);
        }
    }

    function _requireUnconsumed(Consumed storage self, uint256 first, uint256 end) private view {
        for (uint256 number = first; number < end;) {
            (uint256 mask, uint256 next) = _part(number, end);
            uint256 taken = wordOf(self, number >> 8) & mask;
            if (taken != 0) revert IPayoutVault.NumberAlreadyConsumed((number & ~uint256(0xff)) + _lowestBit(taken));
            number = next;
        }
    }

    /// @dev Whether nothing is missing between a run's end and `to`.
    function _allConsumed(Consumed storage self, uint256 from, uint256 to) private view returns (bool) {
        for (uint256 i = 0; i < MOST_WORDS && from < to; i++) {
            (uint256 mask, uint256 next) = _part(from, to);
            if (self.bits[from >> 8] & mask != mask) return false;
            from = next;
        }
        return from == to;
    }

    function _setBits(Consumed storage self, uint256 first, uint256 end) private {
        for (uint256 number = first; number < end;) {
            (uint256 mask, uint256 next) = _part(number, end);
            self.bits[number >> 8] |= mask;
            Run storage run = self.runs[number >> LANE_SHIFT];
            if (next > run.quiet) run.quiet = uint64(next);
            number = next;
        }
    }

    /// @return mask the bits of those numbers from `number` to `end - 1` that lie in the first one's word
    /// @return next the first number that does not
    function _part(uint256 number, uint256 end) private pure returns (uint256 mask, uint256 next) {
        uint256 word = number >> 8;
        next = (word + 1) << 8;
        if (next > end) next = end;
        mask = _bitsBelow(next, word) & ~_bitsBelow(number, word);
    }

    /// @dev The bits of those numbers of a word that are less than `number`.
    function _bitsBelow(uint256 number, uint256 word) private pure returns (uint256) {
        if (number >> 8 < word) return 0;
        if (number >> 8 > word) return type(uint256).max;
        return (1 << (number & 0xff)) - 1;
    }

    function _lowestBit(uint256 bits) private pure returns (uint256 position) {
        while ((bits >> position) & 1 == 0) position++;
    }
}
