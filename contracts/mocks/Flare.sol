// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title FlareContractRegistry for the local chain: the real one's functions at the real one's address.
/// @dev It is put there as code without a constructor, so anybody may fill it. An unknown name gives the zero address,
/// as on Flare.
contract FlareContractRegistryMock {
    string[] private _names;
    mapping(bytes32 nameHash => address) private _addresses;

    function setContract(string calldata name, address account) external {
        bytes32 nameHash = keccak256(abi.encode(name));
        if (_addresses[nameHash] == address(0)) _names.push(name);
        _addresses[nameHash] = account;
    }

    function getContractAddressByName(string calldata name) external view returns (address) {
        return _addresses[keccak256(abi.encode(name))];
    }

    function getContractAddressByHash(bytes32 nameHash) external view returns (address) {
        return _addresses[nameHash];
    }

    function getContractAddressesByName(string[] calldata names) external view returns (address[] memory found) {
        found = new address[](names.length);
        for (uint256 i = 0; i < names.length; i++) {
            found[i] = _addresses[keccak256(abi.encode(names[i]))];
        }
    }

    function getContractAddressesByHash(bytes32[] calldata nameHashes) external view returns (address[] memory found) {
        found = new address[](nameHashes.length);
        for (uint256 i = 0; i < nameHashes.length; i++) {
            found[i] = _addresses[nameHashes[i]];
        }
    }

    function getAllContracts() external view returns (string[] memory names, address[] memory accounts) {
        names = _names;
        accounts = new address[](names.length);
        for (uint256 i = 0; i < names.length; i++) {
            accounts[i] = _addresses[keccak256(abi.encode(names[i]))];
        }
    }
}

/// @title FTSOv2 for the local chain: prices that never move, stamped with the time of the block that asks.
contract FtsoV2Mock {
    struct Feed {
        uint256 value;
        int8 decimals;
    }

    error FeedNotFound(bytes21 feedId);

    bytes21[] private _feedIds;
    mapping(bytes21 feedId => Feed) private _feeds;

    constructor() {
        _add("FLR/USD", 0.02e7, 7);
        _add("XRP/USD", 2.5e6, 6);
        _add("BTC/USD", 100_000e2, 2);
        _add("ETH/USD", 4_000e3, 3);
        _add("USDT/USD", 1e5, 5);
    }

    function getSupportedFeedIds() external view returns (bytes21[] memory) {
        return _feedIds;
    }

    function getFtsoProtocolId() external pure returns (uint256) {
        return 100;
    }

    function calculateFeeById(bytes21 feedId) external view returns (uint256) {
        _feed(feedId);
        return 0;
    }

    function calculateFeeByIds(bytes21[] calldata feedIds) external view returns (uint256) {
        for (uint256 i = 0; i < feedIds.length; i++) {
            _feed(feedIds[i]);
        }
        return 0;
    }

    function getFeedById(bytes21 feedId) external payable returns (uint256 value, int8 decimals, uint64 timestamp) {
        Feed storage feed = _feed(feedId);
        return (feed.value, feed.decimals, uint64(block.timestamp));
    }

    function getFeedByIdInWei(bytes21 feedId) external payable returns (uint256 value, uint64 timestamp) {
        return (_inWei(_feed(feedId)), uint64(block.timestamp));
    }

    function getFeedsById(bytes21[] calldata feedIds)
        external
        payable
        returns (uint256[] memory values, int8[] memory decimals, uint64 timestamp)
    {
        values = new uint256[](feedIds.length);
        decimals = new int8[](feedIds.length);
        for (uint256 i = 0; i < feedIds.length; i++) {
            Feed storage feed = _feed(feedIds[i]);
            (values[i], decimals[i]) = (feed.value, feed.decimals);
        }
        timestamp = uint64(block.timestamp);
    }

    function getFeedsByIdInWei(bytes21[] calldata feedIds)
        external
        payable
        returns (uint256[] memory values, uint64 timestamp)
    {
        values = new uint256[](feedIds.length);
        for (uint256 i = 0; i < feedIds.length; i++) {
            values[i] = _inWei(_feed(feedIds[i]));
        }
        timestamp = uint64(block.timestamp);
    }

    /// @dev A feed's id is its category, 01 for crypto, and its name, padded with zeros to 21 bytes.
    function _add(bytes20 name, uint256 value, int8 decimals) private {
        bytes21 feedId = bytes21(uint168(0x01) << 160 | uint168(uint160(name)));
        _feedIds.push(feedId);
        _feeds[feedId] = Feed(value, decimals);
    }

    function _feed(bytes21 feedId) private view returns (Feed storage feed) {
        feed = _feeds[feedId];
        if (feed.value == 0) revert FeedNotFound(feedId);
    }

    function _inWei(Feed storage feed) private view returns (uint256) {
        return feed.value * 10 ** uint256(int256(18 - feed.decimals));
    }
}

/// @title Wrapped FLR for the local chain.
contract WNatMock {
    string public constant name = "Wrapped Flare";
    string public constant symbol = "WFLR";
    uint8 public constant decimals = 18;
    uint256 public totalSupply;
    mapping(address account => uint256) public balanceOf;
    mapping(address holder => mapping(address spender => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event Deposit(address indexed to, uint256 value);
    event Withdrawal(address indexed from, uint256 value);

    function deposit() external payable {
        _deposit(msg.sender);
    }

    function depositTo(address recipient) external payable {
        _deposit(recipient);
    }

    function withdraw(uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        totalSupply -= amount;
        emit Transfer(msg.sender, address(0), amount);
        emit Withdrawal(msg.sender, amount);
        (bool ok,) = msg.sender.call{value: amount}("");
        require(ok, "withdrawal refused");
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        return true;
    }

    function _deposit(address to) private {
        balanceOf[to] += msg.value;
        totalSupply += msg.value;
        emit Transfer(address(0), to, msg.value);
        emit Deposit(to, msg.value);
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
    }
}
