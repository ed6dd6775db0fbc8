// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title The batch that everybody writes first: a loop, no numbers, no isolation. The gas table measures against it.
contract PlainLoop {
    function payNative(address[] calldata payees, uint256[] calldata amounts) external {
        for (uint256 i = 0; i < payees.length; i++) {
            (bool ok,) = payees[i].call{value: amounts[i]}("");
            require(ok, "refused");
        }
    }

    function payToken(IERC20 token, address[] calldata payees, uint256[] calldata amounts) external {
        for (uint256 i = 0; i < payees.length; i++) {
            require(token.transfer(payees[i], amounts[i]), "refused");
        }
    }

    receive() external payable {}
}
