"""Real cities, the region tree above them, brands and the stuff of store and personal names."""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """A city: pinyin and Chinese name, province, region code, approximate position, weight."""

    name: str
    chinese: str
    province: str
    area: str
    longitude: float
    latitude: float
    weight: float


# Positions after the administrative-code table in data/china_geo (MIT), to two decimals.
CITIES = (
    City("Shanghai", "上海", "Shanghai", "E", 121.47, 31.23, 6.0),
    City("Guangzhou", "广州", "Guangdong", "S", 113.26, 23.13, 4.0),
    City("Beijing", "北京", "Beijing", "N", 116.41, 39.90, 5.0),
    City("Chengdu", "成都", "Sichuan", "W", 104.07, 30.57, 4.0),
    City("Hangzhou", "杭州", "Zhejiang", "E", 120.21, 30.25, 3.5),
    City("Shenzhen", "深圳", "Guangdong", "S", 114.06, 22.54, 4.0),
    City("Tianjin", "天津", "Tianjin", "N", 117.20, 39.08, 2.0),
    City("Chongqing", "重庆", "Chongqing", "W", 106.55, 29.56, 3.0),
    City("Nanjing", "南京", "Jiangsu", "E", 118.80, 32.06, 3.0),
    City("Wuhan", "武汉", "Hubei", "S", 114.31, 30.59, 3.0),
    City("Shenyang", "沈阳", "Liaoning", "N", 123.47, 41.68, 2.0),
    City("Xi'an", "西安", "Shaanxi", "W", 108.94, 34.34, 2.5),
    City("Suzhou", "苏州", "Jiangsu", "E", 120.59, 31.30, 2.5),
    City("Changsha", "长沙", "Hunan", "S", 112.94, 28.23, 2.5),
    City("Dalian", "大连", "Liaoning", "N", 121.61, 38.91, 1.5),
    City("Kunming", "昆明", "Yunnan", "W", 102.83, 24.88, 1.5),
    City("Ningbo", "宁波", "Zhejiang", "E", 121.62, 29.86, 2.0),
    City("Nanning", "南宁", "Guangxi", "S", 108.37, 22.82, 1.2),
    City("Zhengzhou", "郑州", "Henan", "N", 113.63, 34.75, 2.0),
    City("Guiyang", "贵阳", "Guizhou", "W", 106.63, 26.65, 1.2),
    City("Jinan", "济南", "Shandong", "E", 117.12, 36.65, 1.8),
    City("Haikou", "海口", "Hainan", "S", 110.20, 20.04, 1.0),
    City("Harbin", "哈尔滨", "Heilongjiang", "N", 126.53, 45.80, 1.5),
    City("Lanzhou", "兰州", "Gansu", "W", 103.83, 36.06, 1.0),
    City("Qingdao", "青岛", "Shandong", "E", 120.38, 36.07, 1.8),
    City("Xiamen", "厦门", "Fujian", "E", 118.09, 24.48, 1.6),
    City("Fuzhou", "福州", "Fujian", "E", 119.30, 26.07, 1.4),
    City("Hefei", "合肥", "Anhui", "E", 117.23, 31.82, 1.5),
)
ROOT = "CN"
AREAS = {"E": "East China", "S": "South China", "N": "North China", "W": "West China"}
BRANDS = ("Aurora", "Lanting", "Moyu", "Saybrook")
CHINESE_BRANDS = ("", "兰亭", "墨羽", "")
STREETS = (
    ("Nanjing Rd", "南京路"),
    ("People's Sq", "人民广场"),
    ("Zhongshan Rd", "中山路"),
    ("Central Mall", "中环商场"),
    ("Wanhe Plaza", "万和广场"),
    ("Jiefang Rd", "解放路"),
    ("Riverside Mall", "滨江天地"),
    ("Xinhua St", "新华街"),
    ("South Station", "南站"),
    ("Huaihai Rd", "淮海路"),
    ("University Town", "大学城"),
    ("East Gate", "东门"),
)
SURNAMES = tuple("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗")
_GIVEN_NAMES = (
    "芳 伟 娜 敏 静 丽 强 磊 洋 艳 勇 杰 娟 涛 明 超 秀英 霞 平 刚 "
    "桂英 雨桐 子涵 欣怡 浩宇 梓萱 思远 佳怡 俊杰 晓燕 志强 婷婷 建国 雪梅 文博 若曦"
)
GIVEN_NAMES = tuple(_GIVEN_NAMES.split())


def region_id(city: City) -> str:
    """The sub-region (province) a city's stores belong to, for example `CN-E-ZHE`."""
    return f"{ROOT}-{city.area}-{city.province[:4].upper()}"
