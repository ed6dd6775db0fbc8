// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Payees that do not behave.

/// @notice A contract that takes no coins, like many that were never meant to.
contract RefusingPayee {
    error NoCoinsPlease();

    /// @notice Lets whoever runs the demo fetch what the vault owes this contract.
    function call(address target, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call(data);
        require(ok, "call failed");
        return answer;
    }

    receive() external payable {
        revert NoCoinsPlease();
    }
}

/// @notice Burns all the gas that it gets.
contract GasBurningPayee {
    receive() external payable {
        uint256 i;
        while (true) i++;
    }
}

/// @notice Refuses with a megabyte of explanation, to make the caller pay for copying it.
contract ReturnBombingPayee {
    receive() external payable {
        assembly ("memory-safe") {
            revert(0, 1000000)
        }
    }
}

/// @notice Takes the coins with a very long thank-you.
contract ThankfulPayee {
    receive() external payable {
        assembly ("memory-safe") {
            return(0, 50000)
        }
    }
}

/// @notice Calls `target` with `data` whenever it is paid, and keeps the coins whatever comes of it.
contract ReenteringPayee {
    address public target;
    bytes public data;
    uint256 public attempts;
    uint256 public successes;

    function arm(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
    }

    function call(address to, bytes calldata data_) external returns (bytes memory) {
        (bool ok, bytes memory answer) = to.call(data_);
        require(ok, "call failed");
        return answer;
    }

    receive() external payable {
        if (target == address(0)) return;
        attempts++;
        (bool ok,) = target.call(data);
        if (ok) successes++;
    }
}

/// @notice Refuses, at no cost, unless it has much gas to spend.
contract NeedyPayee {
    receive() external payable {
        require(gasleft() > 40_000, "too little gas");
    }
}
