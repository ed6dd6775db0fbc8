// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IPayoutVault} from "../interfaces/IPayoutVault.sol";

/// @title Calls that move money to strangers.
/// @dev Each call has its own gas and none of its answer is copied, so that what a payee does stays its own affair.
library Payments {
    uint256 private constant AMOUNT_MASK = 0xffffffffffffffffffffffff;
    uint256 private constant AMOUNT_BITS = 96;

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

    // Both loops below check and pay in one pass, which is what makes a batch cheaper than a plain loop. An entry that may
    // not be paid is only noted: the caller must then revert, which takes back what was paid meanwhile. The same holds for
    // the total, which is known only at the end.

    /// @param cap every amount must be below it
    /// @return total the sum of all amounts
    /// @return wrong whether an entry is invalid. The vault itself as payee is not noticed: it refuses coins from itself
    /// @return refused indices of the entries whose payee refused
    function payNativeEntries(uint256 cap, uint256[] calldata entries)
        internal
        returns (uint256 total, bool wrong, uint256[] memory refused)
    {
        uint256 enough = enoughGas(PAYEE_GAS);
        bool starved;
        assembly ("memory-safe") {
            refused := mload(0x40)
            let next := add(refused, 0x20)
            let end := add(entries.offset, shl(5, entries.length))
            for { let at := entries.offset } lt(at, end) { at := add(at, 0x20) } {
                let entry := calldataload(at)
                let amount := and(entry, AMOUNT_MASK)
                if iszero(amount) {
                    // A zero word only closes its number.
                    wrong := or(wrong, iszero(iszero(entry)))
                    continue
                }
                let to := shr(AMOUNT_BITS, entry)
                wrong := or(wrong, or(iszero(to), iszero(lt(amount, cap))))
                total := add(total, amount)
                if iszero(call(PAYEE_GAS, to, amount, 0, 0, 0, 0)) {
                    starved := or(starved, lt(gas(), enough))
                    mstore(next, shr(5, sub(at, entries.offset)))
                    next := add(next, 0x20)
                }
            }
            mstore(refused, shr(5, sub(next, add(refused, 0x20))))
            mstore(0x40, next)
        }
        if (starved && !wrong) revert IPayoutVault.NotEnoughGas();
    }

    /// @dev As `payNativeEntries`, by `transfer` of a token.
    function payTokenEntries(address asset, uint256 cap, uint256[] calldata entries)
        internal
        returns (uint256 total, bool wrong, uint256[] memory refused)
    {
        uint256 enough = enoughGas(TOKEN_GAS);
        // One call's data, its arguments replaced for each payee.
        bytes memory data = abi.encodeCall(IERC20.transfer, (address(0), 0));
        bool starved;
        assembly ("memory-safe") {
            refused := mload(0x40)
            let next := add(refused, 0x20)
            let end := add(entries.offset, shl(5, entries.length))
            for { let at := entries.offset } lt(at, end) { at := add(at, 0x20) } {
                let entry := calldataload(at)
                let amount := and(entry, AMOUNT_MASK)
                if iszero(amount) {
                    wrong := or(wrong, iszero(iszero(entry)))
                    continue
                }
                let to := shr(AMOUNT_BITS, entry)
                wrong := or(wrong, or(or(iszero(to), eq(to, address())), iszero(lt(amount, cap))))
                total := add(total, amount)
                mstore(add(data, 0x24), to)
                mstore(add(data, 0x44), amount)
                let ok := call(TOKEN_GAS, asset, 0, add(data, 0x20), 0x44, 0, 0x20)
                if iszero(and(and(eq(mload(0), 1), gt(returndatasize(), 0x1f)), ok)) {
                    // Not `true`; nothing at all is as good.
                    if iszero(lt(returndatasize(), ok)) {
                        starved := or(starved, lt(gas(), enough))
                        mstore(next, shr(5, sub(at, entries.offset)))
                        next := add(next, 0x20)
                    }
                }
            }
            mstore(refused, shr(5, sub(next, add(refused, 0x20))))
            mstore(0x40, next)
        }
        if (starved && !wrong) revert IPayoutVault.NotEnoughGas();
    }
}
