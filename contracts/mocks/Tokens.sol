// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Tokens: one as the standard wants them, and some as they are.

/// @notice The local chain's example token: six digits, and anybody may mint.
contract ExampleToken is ERC20 {
    constructor() ERC20("Example Dollar", "USDX") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @dev Balances and a list of accounts to which transfers fail; how they fail is the heirs' affair.
abstract contract OddToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address account => bool) public refuses;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function refuse(address to, bool refused) external {
        refuses[to] = refused;
    }

    function _move(address to, uint256 amount) internal {
        require(balanceOf[msg.sender] >= amount, "balance");
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Answers nothing, as the first large stablecoin does, and reverts to refuse.
contract SilentToken is OddToken {
    function transfer(address to, uint256 amount) external {
        require(!refuses[to], "refused");
        _move(to, amount);
    }
}

/// @notice Answers false instead of reverting.
contract FalseToken is OddToken {
    function transfer(address to, uint256 amount) external returns (bool) {
        if (refuses[to] || balanceOf[msg.sender] < amount) return false;
        _move(to, amount);
        return true;
    }
}

/// @notice Answers with something that is neither nothing nor true.
contract BabblingToken is OddToken {
    uint256 public answer = 2;
    uint256 public size = 32;

    function babble(uint256 answer_, uint256 size_) external {
        answer = answer_;
        size = size_;
    }

    function transfer(address to, uint256 amount) external {
        if (!refuses[to]) _move(to, amount);
        uint256 word = refuses[to] ? answer : 1;
        uint256 length = refuses[to] ? size : 32;
        assembly ("memory-safe") {
            mstore(0, word)
            return(0, length)
        }
    }
}

/// @notice Calls back into whoever it is told to while it transfers.
contract ReenteringToken is OddToken {
    address public target;
    bytes public data;
    uint256 public successes;

    function arm(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        if (target != address(0)) {
            (bool ok,) = target.call(data);
            if (ok) successes++;
        }
        _move(to, amount);
        return true;
    }
}
