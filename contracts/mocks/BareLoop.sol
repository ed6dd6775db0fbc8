// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title As little as a batch can do, in assembly: one failure ends it, nothing is checked, counted or logged. What the
/// vault's protection costs is what the gas table shows between this and the vault.
contract BareLoop {
    function payNative(address[] calldata payees, uint256[] calldata amounts) external {
        assembly ("memory-safe") {
            let toAmount := sub(amounts.offset, payees.offset)
            let end := add(payees.offset, shl(5, payees.length))
            for { let at := payees.offset } lt(at, end) { at := add(at, 0x20) } {
                if iszero(call(gas(), calldataload(at), calldataload(add(at, toAmount)), 0, 0, 0, 0)) { revert(0, 0) }
            }
        }
    }

    function payToken(address token, address[] calldata payees, uint256[] calldata amounts) external {
        assembly ("memory-safe") {
            mstore(0, shl(224, 0xa9059cbb))
            let toAmount := sub(amounts.offset, payees.offset)
            let end := add(payees.offset, shl(5, payees.length))
            for { let at := payees.offset } lt(at, end) { at := add(at, 0x20) } {
                mstore(0x04, calldataload(at))
                mstore(0x24, calldataload(add(at, toAmount)))
                if iszero(call(gas(), token, 0, 0, 0x44, 0, 0)) { revert(0, 0) }
            }
            mstore(0x40, 0x80)
        }
    }

    receive() external payable {}
}
