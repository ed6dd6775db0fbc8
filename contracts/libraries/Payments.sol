// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPayoutVault} from "../interfaces/IPayoutVault.sol";

/// @title Calls that move money to strangers.
/// @dev Each call has its own gas and none of its answer is copied, so that what a payee does stays its own affair.
library Payments {
    uint256 private constant AMOUNT_MASK = 0xffffffffffffffffffffffff;
    uint256 private constant AMOUNT_BITS = 96;

    /// @dev The selector of `transfer(address,uint256)`.
    uint256 private constant TRANSFER = 0xa9059cbb;

    // Enough for a contract wallet behind a proxy that writes a few words and logs them; the stipend comes on top.
    uint256 internal constant PAYEE_GAS = 50_000;
    // Enough for tokens that keep checkpoints, as wrapped FLR does for vote power.
    uint256 internal constant TOKEN_GAS = 300_000;

    /// @dev A call gets at most 63/64 of the gas that is there, so with less than this left after a failure, the payee
    /// may have failed because the sender was stingy.
    function enoughGas(uint256 gasLimit) internal pure returns (uint256) {
        return gasLimit + gasLimit / 63 + 1;
    }

    /// @dev Pays one payee, copying nothing that it returns. A token must answer nothing or `true`.
    function send(address asset, address to, uint256 amount, uint256 gasLimit) internal returns (bool ok) {
        if (asset == address(0)) {
            assembly ("memory-safe") {
                ok := call(gasLimit, to, amount, 0, 0, 0, 0)
            }
        } else {
            bytes memory data = abi.encodeCall(IERC20.transfer, (to, amount));
            assembly ("memory-safe") {
                ok := call(gasLimit, asset, 0, add(data, 0x20), mload(data), 0, 0x20)
                ok := and(ok, or(iszero(returndatasize()), and(gt(returndatasize(), 0x1f), eq(mload(0), 1))))
            }
        }
    }

    // Both loops below check and pay in one pass, which is what makes a batch cheaper than a plain loop. An entry's checks
    // are computed rather than jumped over, and share one jump with the call's success, which saves about 45 gas a payee;
    // taking four entries in a turn of the loop saves another 25. Who then was not paid, for whatever reason, is noted for
    // the caller, who must revert if an entry should not have been there: that takes back what was paid meanwhile. The
    // same holds for the total, which is known only at the end.
    //
    // An entry is valid if it has a payee, `entry > AMOUNT_MASK`, and an amount from 1 up to `cap - 1`: less one, both 0,
    // which becomes 2^256 - 1, and all that is too large are not below `cap - 1`.

    /// @dev The vault itself as payee refuses. A zero word calls nobody, the zero address, with nothing.
    /// @param cap every amount must be below it
    /// @return total the sum of all amounts
    /// @return unpaid indices of the entries that were not paid: zero words, invalid ones, and those whose payee refused
    function payNativeEntries(uint256 cap, uint256[] calldata entries)
        internal
        returns (uint256 total, uint256[] memory unpaid)
    {
        uint256 ceiling = cap == 0 ? 0 : cap - 1;
        assembly ("memory-safe") {
            function note(list, offset, at) {
                let length := add(mload(list), 1)
                mstore(list, length)
                mstore(add(list, shl(5, length)), shr(5, sub(at, offset)))
            }
            unpaid := mload(0x40)
            mstore(unpaid, 0)
            let entry
            let amount
            let valid
            let at := entries.offset
            let end := add(at, shl(5, entries.length))
            // Those that make no four.
            for { } and(sub(end, at), 0x7f) { at := add(at, 0x20) } {
                entry := calldataload(at)
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                valid := and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling))
                if iszero(and(valid, call(PAYEE_GAS, shr(AMOUNT_BITS, entry), amount, 0, 0, 0, 0))) {
                    note(unpaid, entries.offset, at)
                }
            }
            for { } lt(at, end) { at := add(at, 0x80) } {
                entry := calldataload(at)
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                valid := and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling))
                if iszero(and(valid, call(PAYEE_GAS, shr(AMOUNT_BITS, entry), amount, 0, 0, 0, 0))) {
                    note(unpaid, entries.offset, at)
                }

                entry := calldataload(add(at, 0x20))
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                valid := and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling))
                if iszero(and(valid, call(PAYEE_GAS, shr(AMOUNT_BITS, entry), amount, 0, 0, 0, 0))) {
                    note(unpaid, entries.offset, add(at, 0x20))
                }

                entry := calldataload(add(at, 0x40))
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                valid := and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling))
                if iszero(and(valid, call(PAYEE_GAS, shr(AMOUNT_BITS, entry), amount, 0, 0, 0, 0))) {
                    note(unpaid, entries.offset, add(at, 0x40))
                }

                entry := calldataload(add(at, 0x60))
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                valid := and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling))
                if iszero(and(valid, call(PAYEE_GAS, shr(AMOUNT_BITS, entry), amount, 0, 0, 0, 0))) {
                    note(unpaid, entries.offset, add(at, 0x60))
                }
            }
            mstore(0x40, add(unpaid, shl(5, add(mload(unpaid), 1))))
        }
    }

    /// @dev As `payNativeEntries`, by `transfer` of a token.
    ///
    /// The call's data lie at 0: the selector, `to` from 0x04, the amount from 0x24. An entry stored at 0x10 puts its payee in
    /// place, and the amount stored after it overwrites the rest. The answer goes to 0x10 too: its last byte lies on one
    /// of the amount's that is always 0, so that no answer shorter than a word, nor none, can pass for `true` there.
    ///
    /// An invalid entry's call has no gas and fails: not even a transfer of nothing is made for a zero word.
    function payTokenEntries(address asset, uint256 cap, uint256[] calldata entries)
        internal
        returns (uint256 total, uint256[] memory unpaid)
    {
        uint256 ceiling = cap == 0 ? 0 : cap - 1;
        assembly ("memory-safe") {
            function note(list, offset, at) {
                let length := add(mload(list), 1)
                mstore(list, length)
                mstore(add(list, shl(5, length)), shr(5, sub(at, offset)))
            }
            unpaid := mload(0x40)
            mstore(unpaid, 0)
            mstore(0, shl(224, TRANSFER))
            let entry
            let amount
            let valid
            let ok
            let at := entries.offset
            let end := add(at, shl(5, entries.length))
            // Those that make no four.
            for { } and(sub(end, at), 0x7f) { at := add(at, 0x20) } {
                entry := calldataload(at)
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                mstore(0x10, entry)
                mstore(0x24, amount)
                valid := gt(and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling)), eq(mload(0x04), address()))
                ok := and(valid, call(mul(valid, TOKEN_GAS), asset, 0, 0, 0x44, 0x10, 0x20))
                if xor(mul(ok, mload(0x10)), 1) {
                    if iszero(gt(ok, returndatasize())) { note(unpaid, entries.offset, at) }
                }
            }
            for { } lt(at, end) { at := add(at, 0x80) } {
                entry := calldataload(at)
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                mstore(0x10, entry)
                mstore(0x24, amount)
                valid := gt(and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling)), eq(mload(0x04), address()))
                ok := and(valid, call(mul(valid, TOKEN_GAS), asset, 0, 0, 0x44, 0x10, 0x20))
                if xor(mul(ok, mload(0x10)), 1) {
                    if iszero(gt(ok, returndatasize())) { note(unpaid, entries.offset, at) }
                }

                entry := calldataload(add(at, 0x20))
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                mstore(0x10, entry)
                mstore(0x24, amount)
                valid := gt(and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling)), eq(mload(0x04), address()))
                ok := and(valid, call(mul(valid, TOKEN_GAS), asset, 0, 0, 0x44, 0x10, 0x20))
                if xor(mul(ok, mload(0x10)), 1) {
                    if iszero(gt(ok, returndatasize())) { note(unpaid, entries.offset, add(at, 0x20)) }
                }

                entry := calldataload(add(at, 0x40))
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                mstore(0x10, entry)
                mstore(0x24, amount)
                valid := gt(and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling)), eq(mload(0x04), address()))
                ok := and(valid, call(mul(valid, TOKEN_GAS), asset, 0, 0, 0x44, 0x10, 0x20))
                if xor(mul(ok, mload(0x10)), 1) {
                    if iszero(gt(ok, returndatasize())) { note(unpaid, entries.offset, add(at, 0x40)) }
                }

                entry := calldataload(add(at, 0x60))
                amount := and(entry, AMOUNT_MASK)
                total := add(total, amount)
                mstore(0x10, entry)
                mstore(0x24, amount)
                valid := gt(and(gt(entry, AMOUNT_MASK), lt(sub(amount, 1), ceiling)), eq(mload(0x04), address()))
                ok := and(valid, call(mul(valid, TOKEN_GAS), asset, 0, 0, 0x44, 0x10, 0x20))
                if xor(mul(ok, mload(0x10)), 1) {
                    if iszero(gt(ok, returndatasize())) { note(unpaid, entries.offset, add(at, 0x60)) }
                }
            }
            mstore(0x40, add(unpaid, shl(5, add(mload(unpaid), 1))))
        }
    }
}
